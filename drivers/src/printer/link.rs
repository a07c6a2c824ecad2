//! The wire to a printer: a TCP connection or a serial line.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_serial::SerialPortBuilderExt;

const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// `tcp:HOST:PORT` or `serial:PATH@BAUD`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    Tcp(String),
    Serial { path: String, baud: u32 },
}

impl FromStr for Address {
    type Err = String;
    fn from_str(text: &str) -> Result<Address, String> {
        let wrong = || format!("`{text}` is no printer address: tcp:HOST:PORT or serial:PATH@BAUD");
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "tcp" if rest.contains(':') => Ok(Address::Tcp(rest.to_owned())),
            "serial" => {
                let (path, baud) = rest.rsplit_once('@').ok_or_else(wrong)?;
                Ok(Address::Serial { path: path.to_owned(), baud: baud.parse().map_err(|_| wrong())? })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "tcp:{address}"),
            Address::Serial { path, baud } => write!(f, "serial:{path}@{baud}"),
        }
    }
}

/// A wire is bytes both ways.
pub trait Link: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Link for T {}

pub async fn open(address: &Address) -> std::io::Result<Box<dyn Link>> {
    match address {
        Address::Tcp(address) => {
            let connecting = TcpStream::connect(address);
            let late = || std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in 3 s");
            let stream = tokio::time::timeout(CONNECT_WITHIN, connecting).await.map_err(|_| late())??;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        Address::Serial { path, baud } => {
            let port = tokio_serial::new(path, *baud).open_native_async().map_err(std::io::Error::from)?;
            Ok(Box::new(port))
        }
    }
}

//! The wire to a printer: a TCP connection, a serial line, or the kernel's USB printer class.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_serial::{FlowControl, SerialPortBuilderExt};

const CONNECT_WITHIN: Duration = Duration::from_secs(3);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// `tcp:HOST:PORT`.
    Tcp(String),
    /// `serial:PATH@BAUD[,rtscts|,xonxoff]`. The path is one of `/dev/serial/by-id` or `by-path`: `ttyUSB0` is whoever
    /// was plugged in first.
    Serial { path: PathBuf, baud: u32, flow: Flow },
    /// `usb:VVVV:PPPP:SERIAL`: by what the printer says of itself, never by the number that the kernel gave it.
    Usb { vendor: u16, product: u16, serial: String },
    /// `lp:PATH`: a device of the printer class at a fixed path.
    Lp(PathBuf),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flow {
    #[default]
    None,
    RtsCts,
    XonXoff,
}

impl FromStr for Address {
    type Err = String;
    fn from_str(text: &str) -> Result<Address, String> {
        let wrong = || {
            format!(
                "`{text}` is no printer address: tcp:HOST:PORT, serial:PATH@BAUD[,rtscts|,xonxoff], \
                 usb:VENDOR:PRODUCT:SERIAL or lp:PATH"
            )
        };
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "tcp" if rest.contains(':') => Ok(Address::Tcp(rest.to_owned())),
            "serial" => {
                let (path, line) = rest.rsplit_once('@').ok_or_else(wrong)?;
                let (baud, flow) = line.split_once(',').unwrap_or((line, ""));
                let flow = match flow {
                    "" => Flow::None,
                    "rtscts" => Flow::RtsCts,
                    "xonxoff" => Flow::XonXoff,
                    _ => return Err(wrong()),
                };
                Ok(Address::Serial { path: path.into(), baud: baud.parse().map_err(|_| wrong())?, flow })
            }
            "usb" => {
                let mut parts = rest.splitn(3, ':');
                let mut hex = || u16::from_str_radix(parts.next()?, 16).ok();
                let (vendor, product) = (hex().ok_or_else(wrong)?, hex().ok_or_else(wrong)?);
                let serial = parts.next().ok_or_else(wrong)?.to_owned();
                Ok(Address::Usb { vendor, product, serial })
            }
            "lp" if !rest.is_empty() => Ok(Address::Lp(rest.into())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => write!(f, "tcp:{address}"),
            Address::Serial { path, baud, flow } => {
                let flow = match flow {
                    Flow::None => "",
                    Flow::RtsCts => ",rtscts",
                    Flow::XonXoff => ",xonxoff",
                };
                write!(f, "serial:{}@{baud}{flow}", path.display())
            }
            Address::Usb { vendor, product, serial } => write!(f, "usb:{vendor:04x}:{product:04x}:{serial}"),
            Address::Lp(path) => write!(f, "lp:{}", path.display()),
        }
    }
}

impl Address {
    /// Bytes a second, where the line itself limits them.
    pub fn bytes_per_second(&self) -> Option<u32> {
        match self {
            Address::Serial { baud, .. } => Some((baud / 10).max(1)),
            _ => None,
        }
    }
}

/// A wire is bytes both ways.
pub trait Link: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Link for T {}

pub async fn open(address: &Address) -> io::Result<Box<dyn Link>> {
    match address {
        Address::Tcp(address) => {
            let connecting = TcpStream::connect(address);
            let late = || io::Error::new(io::ErrorKind::TimedOut, "no answer in 3 s");
            let stream = tokio::time::timeout(CONNECT_WITHIN, connecting).await.map_err(|_| late())??;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        Address::Serial { path, baud, flow } => {
            let flow = match flow {
                Flow::None => FlowControl::None,
                Flow::RtsCts => FlowControl::Hardware,
                Flow::XonXoff => FlowControl::Software,
            };
            let port = tokio_serial::new(path.to_string_lossy(), *baud).flow_control(flow).open_native_async();
            Ok(Box::new(port.map_err(io::Error::from)?))
        }
        Address::Usb { vendor, product, serial } => {
            let found = usb_printers(Path::new("/sys"), Path::new("/dev"))
                .into_iter()
                .find(|usb| usb.vendor == *vendor && usb.product == *product && usb.serial == *serial);
            let absent = || io::Error::new(io::ErrorKind::NotFound, "it is not plugged in, or switched off");
            Ok(Box::new(Lp::open(&found.ok_or_else(absent)?.path)?))
        }
        Address::Lp(path) => Ok(Box::new(Lp::open(path)?)),
    }
}

/// A device of the kernel's printer class (`usblp`). It is opened without blocking: out of paper a blocking write hangs
/// for good.
struct Lp(AsyncFd<File>);

const O_NONBLOCK: i32 = nix::libc::O_NONBLOCK;
const O_NOCTTY: i32 = nix::libc::O_NOCTTY;

impl Lp {
    fn open(path: &Path) -> io::Result<Lp> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(path)?;
        // A terminal in its place (for rehearsals) must not edit the bytes.
        if let Ok(mut settings) = rustix::termios::tcgetattr(&file) {
            settings.make_raw();
            rustix::termios::tcsetattr(&file, rustix::termios::OptionalActions::Now, &settings)?;
        }
        // SAFETY: a `File` owns its descriptor, gives the same one each time, and stays inside the `AsyncFd`, which is
        // never taken apart.
        #[expect(unsafe_code, reason = "tokio has no safe way to wait for a file of our own")]
        let registered = unsafe { AsyncFd::register(file)? };
        Ok(Lp(registered))
    }
}

impl AsyncRead for Lp {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready(context))?;
            let unfilled = buffer.initialize_unfilled();
            match guard.try_io(|device| device.get_ref().read(unfilled)) {
                Ok(Ok(read)) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                // This printer has no way back: it will never say anything.
                Ok(Err(error)) if error.kind() == io::ErrorKind::InvalidInput => return Poll::Pending,
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for Lp {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut guard = ready!(self.0.poll_write_ready(context))?;
            match guard.try_io(|device| device.get_ref().write(bytes)) {
                Ok(written) => return Poll::Ready(written),
                Err(_would_block) => {}
            }
        }
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A USB printer that is plugged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbPrinter {
    pub vendor: u16,
    pub product: u16,
    pub serial: String,
    /// What it calls itself.
    pub description: String,
    /// Where it is now; another place after the next plug.
    pub path: PathBuf,
}

impl UsbPrinter {
    pub fn address(&self) -> Address {
        Address::Usb { vendor: self.vendor, product: self.product, serial: self.serial.clone() }
    }
}

/// Reads `SYS/class/usbmisc/lp*`: looks at no device itself, so that it never disturbs one that is printing.
pub fn usb_printers(sys: &Path, dev: &Path) -> Vec<UsbPrinter> {
    let Ok(entries) = std::fs::read_dir(sys.join("class/usbmisc")) else { return Vec::new() };
    let mut found: Vec<UsbPrinter> = entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            name.strip_prefix("lp")?.parse::<u32>().ok()?;
            // `device` is the interface; the device itself is above it.
            let device = sys.join("class/usbmisc").join(&name).join("device").canonicalize().ok()?;
            let device = device.parent()?;
            let text = |file: &str| Some(std::fs::read_to_string(device.join(file)).ok()?.trim().to_owned());
            let number = |file: &str| u16::from_str_radix(&text(file)?, 16).ok();
            let description =
                [text("manufacturer"), text("product")].into_iter().flatten().collect::<Vec<_>>().join(" ");
            Some(UsbPrinter {
                vendor: number("idVendor")?,
                product: number("idProduct")?,
                serial: text("serial").unwrap_or_default(),
                description,
                path: dev.join("usb").join(&name),
            })
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Serial adapters that are plugged in, by the name that their identity gives them.
pub fn serial_ports(dev: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dev.join("serial/by-id")) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_and_write() {
        for text in [
            "tcp:192.0.2.7:9100",
            "serial:/dev/serial/by-id/usb-FTDI_A1-if00@19200,rtscts",
            "serial:/dev/ttyS0@9600",
            "usb:04b8:0202:J4ZF012345",
            "lp:/dev/usb/lp0",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for text in ["", "tcp:host", "serial:/dev/x", "serial:/dev/x@fast", "serial:/dev/x@9600,dtr", "usb:4b8", "lp:"]
        {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }

    /// Plugged in again, a printer has another number and is the same printer.
    #[test]
    fn a_usb_printer_is_known_by_its_serial_number() {
        let root = tempfile::tempdir().unwrap();
        let (sys, dev) = (root.path().join("sys"), root.path().join("dev"));
        let plug = |n: u32, serial: &str| {
            let device = sys.join(format!("devices/usb1/1-{n}"));
            std::fs::create_dir_all(device.join("1-1:1.0")).unwrap();
            for (file, text) in
                [("idVendor", "04b8\n"), ("idProduct", "0202\n"), ("serial", serial), ("product", "TM-T88V\n")]
            {
                std::fs::write(device.join(file), text).unwrap();
            }
            let class = sys.join(format!("class/usbmisc/lp{n}"));
            std::fs::create_dir_all(&class).unwrap();
            std::os::unix::fs::symlink(device.join("1-1:1.0"), class.join("device")).unwrap();
        };
        plug(0, "AAA\n");
        plug(1, "BBB\n");
        let found = usb_printers(&sys, &dev);
        assert_eq!(found[1].address().to_string(), "usb:04b8:0202:BBB");
        assert_eq!((found[1].path.clone(), found[1].description.as_str()), (dev.join("usb/lp1"), "TM-T88V"));
        std::fs::remove_dir_all(sys.join("class/usbmisc/lp1")).unwrap();
        plug(7, "BBB\n");
        let again = usb_printers(&sys, &dev).into_iter().find(|usb| usb.serial == "BBB").unwrap();
        assert_eq!(again.path, dev.join("usb/lp7"));
    }
}

//! Printers of this box's own network: whoever answers at port 9100.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use trivet_drivers::printer::Address;

use super::printers::Printer;

/// Raw printing, as every network printer has it.
const PORT: u16 = 9_100;
const ANSWERS_WITHIN: Duration = Duration::from_millis(400);
/// Addresses that are tried: a larger network is looked at around this box's own address only.
const MOST: u32 = 254;
const AT_ONCE: usize = 64;

/// Each address with the printer that it belongs to, if it is configured: those are not touched, for a connection would
/// stand in their queue.
pub(super) async fn network(configured: &[(String, Printer)]) -> Vec<(SocketAddr, Option<String>)> {
    let own = |address: &SocketAddr| {
        let text = Address::Tcp(address.to_string());
        configured.iter().find(|(_, printer)| printer.address == text).map(|(name, _)| name.clone())
    };
    let mut found = Vec::new();
    let mut trying: JoinSet<Option<SocketAddr>> = JoinSet::new();
    for address in candidates() {
        if let Some(name) = own(&address) {
            found.push((address, Some(name)));
            continue;
        }
        if trying.len() >= AT_ONCE {
            found.extend(trying.join_next().await.and_then(Result::ok).flatten().map(|address| (address, None)));
        }
        trying.spawn(async move {
            let connected = tokio::time::timeout(ANSWERS_WITHIN, TcpStream::connect(address)).await;
            matches!(connected, Ok(Ok(_))).then_some(address)
        });
    }
    while let Some(tried) = trying.join_next().await {
        found.extend(tried.ok().flatten().map(|address| (address, None)));
    }
    found.sort();
    found
}

fn candidates() -> Vec<SocketAddr> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let mut addresses = Vec::new();
    for interface in interfaces {
        let ip = |address: Option<nix::sys::socket::SockaddrStorage>| address?.as_sockaddr_in().map(|v4| v4.ip());
        let (Some(own), Some(mask)) = (ip(interface.address), ip(interface.netmask)) else { continue };
        if !own.is_loopback() {
            addresses.extend(neighbours(own, mask));
        }
    }
    addresses.into_iter().map(|ip| SocketAddr::new(IpAddr::V4(ip), PORT)).collect()
}

/// The other addresses of a network, at most [`MOST`] of them.
fn neighbours(own: Ipv4Addr, mask: Ipv4Addr) -> Vec<Ipv4Addr> {
    let (own, mask) = (u32::from(own), u32::from(mask).max(!0xff));
    let first = (own & mask) + 1;
    (first..)
        .take(MOST as usize)
        .take_while(|ip| ip & mask == own & mask)
        .filter(|ip| *ip != own && *ip != own | !mask)
        .map(Ipv4Addr::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_and_its_neighbours() {
        let around = |own: [u8; 4], mask: [u8; 4]| neighbours(own.into(), mask.into());
        assert_eq!(around([192, 0, 2, 7], [255, 255, 255, 252]), [[192, 0, 2, 5], [192, 0, 2, 6]].map(Ipv4Addr::from));
        assert_eq!(around([10, 0, 3, 9], [255, 0, 0, 0]).len(), 253);
        assert_eq!(around([10, 0, 3, 9], [255, 255, 255, 255]), [Ipv4Addr::UNSPECIFIED; 0]);
    }
}

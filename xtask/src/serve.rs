//! `cargo xtask serve`: the page, on this machine alone.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::modules;
use crate::setup::{Machine, Need};

/// The port that is tried first.
pub const PORT: u16 = 5173;

const STARTS_WITHIN: Duration = Duration::from_secs(60);

pub fn serve(machine: &Machine, port: u16, check: bool) -> Result<()> {
    for need in [Need::WasmTarget, Need::WasmBindgen, Need::PageModules] {
        machine.ensure(need)?;
    }
    modules::build(machine)?;
    let address = free_address(port)?;
    let mut server = Server(
        modules::node(&machine.page_modules()?, "vite/bin/vite.js")
            .args(["--host", &address.ip().to_string()])
            .args(["--port", &address.port().to_string(), "--strictPort"])
            .spawn()?,
    );
    server.wait_until_it_answers(address)?;
    println!("\nThe page: http://{address}/\n");
    if check {
        return check_page(address);
    }
    let status = server.0.wait().context("cannot wait for Vite")?;
    if status.success() { Ok(()) } else { bail!("Vite ended: {status}") }
}

/// Vite's process, ended when we are done with it, however that comes about.
struct Server(Child);

impl Server {
    fn wait_until_it_answers(&mut self, address: SocketAddrV4) -> Result<()> {
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.0.try_wait()? {
                bail!("Vite ended before it served anything: {status}");
            }
            if start.elapsed() > STARTS_WITHIN {
                bail!("Vite did not answer on {address} within {} s", STARTS_WITHIN.as_secs());
            }
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, as on Ctrl-C.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The preferred port if nobody listens there, or else one that the system picks.
fn free_address(port: u16) -> Result<SocketAddrV4> {
    let at = |port| SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    if TcpListener::bind(at(port)).is_ok() {
        return Ok(at(port));
    }
    let listener = TcpListener::bind(at(0)).context("there is no free port on 127.0.0.1")?;
    let free = listener.local_addr()?.port();
    println!("port {port} is taken; using {free}");
    Ok(at(free))
}

/// The page and every script that it names come over HTTP.
fn check_page(address: SocketAddrV4) -> Result<()> {
    let page = get(address, "/")?;
    let scripts = script_sources(&page);
    if scripts.is_empty() {
        bail!("the page at http://{address}/ names no script:\n{page}");
    }
    for script in &scripts {
        let path = script.strip_prefix('.').unwrap_or(script);
        let text = get(address, path)?;
        if text.trim_start().starts_with("<!") {
            bail!("http://{address}{path} is a page where a script should be");
        }
        println!("fetched {path}: {} bytes", text.len());
    }
    println!("fetched the page: {} bytes", page.len());
    Ok(())
}

/// What an HTTP server answers to a GET, if it is `200 OK`.
fn get(address: SocketAddrV4, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address)?;
    // The first request makes Vite prepare its dependencies.
    stream.set_read_timeout(Some(STARTS_WITHIN))?;
    // HTTP/1.0: the body comes in one piece, and its end is the end of the connection.
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: */*\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).with_context(|| format!("no answer to GET {path}"))?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").context("that was no HTTP")?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        bail!("GET http://{address}{path}: {status}");
    }
    Ok(body.to_owned())
}

/// The scripts of a page that come from its own server.
fn script_sources(html: &str) -> Vec<String> {
    let tags = html.split("<script").skip(1).filter_map(|rest| rest.split('>').next());
    tags.filter_map(|tag| tag.split_once("src=\"")?.1.split('"').next())
        .filter(|source| source.starts_with('/') || source.starts_with("./"))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_left_alone() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let other = free_address(port).unwrap();
        assert_ne!(other.port(), port);
        assert!(other.ip().is_loopback());
    }

    #[test]
    fn scripts_of_a_page_are_found() {
        let html = r#"<script type="module" src="/src/main.ts"></script>
            <script>inline()</script><script src="https://elsewhere.example/x.js"></script>
            <script src="./b.js" defer></script>"#;
        assert_eq!(script_sources(html), ["/src/main.ts", "./b.js"]);
    }

    #[test]
    fn only_an_ok_is_taken_for_a_page() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let std::net::SocketAddr::V4(address) = listener.local_addr().unwrap() else {
            panic!("not IPv4");
        };
        let answers = ["HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", "HTTP/1.1 404 Not Found\r\n\r\n"];
        let server = thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 1024]).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        assert_eq!(get(address, "/").unwrap(), "body");
        assert!(get(address, "/x").unwrap_err().to_string().contains("404"));
        server.join().unwrap();
    }
}

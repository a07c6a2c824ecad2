//! The screens, built by Vite into `dist` and embedded in the binary: they work with the internet dead.

#[derive(rust_embed::RustEmbed)]
#[folder = "dist"]
pub struct Screens;

/// A file of the screens; a folder gives its `index.html`.
pub fn file(path: &str) -> Option<(std::borrow::Cow<'static, [u8]>, &'static str)> {
    let path = path.trim_matches('/');
    let candidates = [path.to_owned(), format!("{path}/index.html").trim_start_matches('/').to_owned()];
    candidates.iter().find_map(|name| Some((Screens::get(name)?.data, media_type(name))))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json" | "webmanifest") => "application/json",
        _ => "application/octet-stream",
    }
}

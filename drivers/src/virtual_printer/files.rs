//! Papers as files: `NNNN.bin`, `.png`, `.jsonl`, and `.txt` last, so that who sees the text finds the rest.

use super::parser::ROW_BYTES;
use super::sheet::{Paper, WIDTH};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// The folder that papers fall into.
#[derive(Debug)]
pub struct PaperTray {
    folder: PathBuf,
    next: u32,
}

impl PaperTray {
    /// Opens the folder, creating it; numbering goes on after what lies there.
    ///
    /// # Errors
    /// When the folder cannot be created or read.
    pub fn open(folder: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let next = paper_numbers(folder)?.first().map_or(1, |last| last + 1);
        Ok(Self { folder: folder.to_owned(), next })
    }

    /// Writes a paper's four files and returns its number.
    ///
    /// # Errors
    /// When a file cannot be written; the number is used up, so that no two papers share one.
    pub fn put(&mut self, paper: &Paper) -> io::Result<u32> {
        let number = self.next;
        self.next += 1;
        let mut events = Vec::new();
        for event in &paper.events {
            serde_json::to_writer(&mut events, event)?;
            events.push(b'\n');
        }
        self.write(number, "bin", &paper.bytes)?;
        self.write(number, "png", &picture(paper)?)?;
        self.write(number, "jsonl", &events)?;
        self.write(number, "txt", paper.text.as_bytes())?;
        Ok(number)
    }

    fn write(&self, number: u32, kind: &str, bytes: &[u8]) -> io::Result<()> {
        let name = format!("{number:04}.{kind}");
        let temporary = self.folder.join(format!(".{name}.part"));
        let mut file = BufWriter::new(File::create(&temporary)?);
        file.write_all(bytes)?;
        file.flush()?;
        drop(file);
        std::fs::rename(temporary, self.folder.join(name))
    }
}

/// Numbers of the complete papers in a folder, newest first.
pub(super) fn paper_numbers(folder: &Path) -> io::Result<Vec<u32>> {
    let mut numbers: Vec<u32> = std::fs::read_dir(folder)?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".txt")?.parse().ok())
        .collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

/// A PNG of one bit a dot, white paper.
fn picture(paper: &Paper) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    // A picture without rows is no PNG.
    let height = paper.height().max(1);
    let mut encoder = png::Encoder::new(&mut out, WIDTH, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    let mut white: Vec<u8> = paper.rows.iter().map(|byte| !byte).collect();
    if white.is_empty() {
        white.resize(ROW_BYTES, 0xff);
    }
    writer.write_image_data(&white).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(out)
}

//! Papers as files: `NNNN.bin`, `.png`, `.jsonl`, and `.txt` last, so that who sees the text finds the rest.

use super::paper::Paper;
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
        for event in paper.events() {
            serde_json::to_writer(&mut events, event)?;
            events.push(b'\n');
        }
        self.write(number, "bin", paper.bytes())?;
        self.write(number, "png", &paper.png())?;
        self.write(number, "jsonl", &events)?;
        self.write(number, "txt", paper.text().as_bytes())?;
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

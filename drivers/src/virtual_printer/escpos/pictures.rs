//! Raster, bit images and the pictures that the printer keeps.

use super::super::bitmap::Bitmap;
use super::super::mechanism::Mechanism;
use super::EscPos;
use super::command::Command;
use super::execute::Raster;
use serde_json::json;

/// Pictures that the model keeps without power, and their bytes in all.
const MOST_NV: usize = 16;
const MOST_NV_BYTES: usize = 1024 * 1024;

impl EscPos {
    pub(super) fn graphics(&mut self, command: Command, m: &mut Mechanism) {
        match command {
            Command::RasterStart { width_bytes, rows, wide, tall } => {
                if !self.style.line.is_empty() {
                    self.print_line(m);
                }
                let (scale_x, scale_y) = (if wide { 2 } else { 1 }, if tall { 2 } else { 1 });
                let width = u32::from(width_bytes) * 8;
                let x = self.style.start(m.sheet.width(), width * scale_x);
                self.style.raster = Raster { x, scale_x, scale_y };
                let top = m.sheet.height();
                m.note("raster", json!({"width": width, "height": rows, "row": top}));
                m.sheet.picture(top, width, u32::from(rows), top + usize::from(rows) * scale_y);
            }
            Command::RasterRow(row) => {
                let raster = self.style.raster;
                let top = m.sheet.height();
                m.sheet.feed(raster.scale_y);
                m.sheet.draw_row(&row, raster.x, top, raster.scale_x, raster.scale_y);
                m.moved(raster.scale_y);
            }
            // 8-dot columns are a third as fine down, single density half as fine across ("ESC *", table of m).
            Command::Columns { tall, dense, data } => {
                let (height, bytes) = if tall { (24, 3) } else { (8, 1) };
                let picture = Bitmap::of_columns(height, bytes, &data);
                m.note("columns", json!({"width": picture.width(), "height": height}));
                self.style.line.strip(picture, if dense { 1 } else { 2 }, if tall { 1 } else { 3 });
            }
            Command::GraphicsStore { picture, scale_x, scale_y } => {
                self.style.graphics = Some((picture, scale_x, scale_y));
            }
            Command::GraphicsPrint => {
                if let Some((picture, scale_x, scale_y)) = self.style.graphics.take() {
                    self.picture(&picture, scale_x, scale_y, m);
                }
            }
            Command::DownloadImage(picture) => self.style.downloaded = Some(picture),
            Command::DownloadedPrint(mode) => {
                if let Some(picture) = self.style.downloaded.clone() {
                    self.picture(&picture, 1 + (mode & 1), 1 + (mode >> 1 & 1), m);
                }
            }
            _ => {}
        }
    }

    /// Pictures that the printer keeps without power.
    pub(super) fn stored(&mut self, command: Command, m: &mut Mechanism) {
        match command {
            Command::NvDefine { key, picture } => {
                self.nv.retain(|(known, _)| *known != key);
                if self.nv.len() < MOST_NV && self.nv_bytes() + picture.held() <= MOST_NV_BYTES {
                    self.nv.push((key, picture));
                } else {
                    m.note("nv_full", json!({}));
                }
            }
            Command::NvPrint { key, scale_x, scale_y } => {
                match self.nv.iter().find(|(known, _)| *known == key).map(|(_, picture)| picture.clone()) {
                    Some(picture) => self.picture(&picture, scale_x, scale_y, m),
                    None => m.note("nv_missing", json!({"key": String::from_utf8_lossy(&key)})),
                }
            }
            Command::NvDelete(key) => self.nv.retain(|(known, _)| *known != key),
            Command::NvDeleteAll => self.nv.clear(),
            // "Header 37H, identifier, data, NUL": digits of a size, or 40H and the keys.
            Command::NvAsk(function) => {
                let mut answer = match function {
                    48 => [b"\x370".as_slice(), MOST_NV_BYTES.to_string().as_bytes()].concat(),
                    51 => [b"\x371".as_slice(), (MOST_NV_BYTES - self.nv_bytes()).to_string().as_bytes()].concat(),
                    _ => {
                        let keys = self.nv.iter().flat_map(|(key, _)| *key);
                        [0x37, 0x72, 0x40].into_iter().chain(keys).collect()
                    }
                };
                answer.push(0);
                m.reply(answer);
            }
            // The first image of a command replaces what earlier commands defined.
            Command::NvImage { left, picture } => {
                if self.nv_images_left != left + 1 {
                    self.nv_images.clear();
                }
                self.nv_images_left = left;
                if self.nv_images.len() < MOST_NV && self.nv_bytes() + picture.held() <= MOST_NV_BYTES {
                    self.nv_images.push(picture);
                }
            }
            Command::NvImagePrint { number, mode } => {
                let found = usize::from(number).checked_sub(1).and_then(|at| self.nv_images.get(at)).cloned();
                match found {
                    Some(picture) => self.picture(&picture, 1 + (mode & 1), 1 + (mode >> 1 & 1), m),
                    None => m.note("nv_missing", json!({"number": number})),
                }
            }
            _ => {}
        }
    }

    fn nv_bytes(&self) -> usize {
        self.nv.iter().map(|(_, picture)| picture).chain(&self.nv_images).map(Bitmap::held).sum()
    }

    fn picture(&mut self, picture: &Bitmap, scale_x: u8, scale_y: u8, m: &mut Mechanism) {
        if !self.style.line.is_empty() {
            self.print_line(m);
        }
        let (scale_x, scale_y) = (u32::from(scale_x.max(1)), usize::from(scale_y.max(1)));
        let left = self.style.start(m.sheet.width(), picture.width().saturating_mul(scale_x));
        let top = m.sheet.height();
        m.note("graphics", json!({"width": picture.width(), "height": picture.height(), "row": top}));
        for y in 0..picture.height() {
            let at = m.sheet.height();
            m.sheet.feed(scale_y);
            m.sheet.draw_row(picture.row(y), left, at, scale_x, scale_y);
            m.moved(scale_y);
        }
        let end = m.sheet.height();
        m.sheet.picture(top, picture.width(), picture.height(), end);
    }
}

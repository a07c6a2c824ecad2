//! Raster mode, and raster pictures between lines.

use super::super::bitmap::Bitmap;
use super::super::mechanism::Mechanism;
use super::super::sheet::MOST_ROWS;
use super::Star;
use super::command::StarCommand as Command;
use super::execute::Raster;

impl Star {
    pub(super) fn raster(&mut self, command: Command, m: &mut Mechanism) {
        match command {
            Command::RasterEnter => {
                self.flush(m);
                self.style.raster = Raster::default();
            }
            // "If raster data remains, the raster mode will be quit after executing raster EOT mode."
            Command::RasterQuit if self.style.raster.open => self.end_page(self.style.raster.eot_mode, m),
            Command::RasterEnd => self.end_page(self.style.raster.eot_mode, m),
            Command::RasterFormFeed => self.end_page(self.style.raster.ff_mode, m),
            Command::RasterClear => self.style.raster.row.clear(),
            Command::RasterSetting { what, value } => self.raster_setting(what, value, m),
            Command::RasterRow { feed, data } => {
                let row = &mut self.style.raster.row;
                let most = usize::try_from(m.sheet.width() / 8).unwrap_or(0).min(data.len());
                row.resize(row.len().max(most), 0);
                for (kept, byte) in row.iter_mut().zip(&data) {
                    *kept |= byte;
                }
                if feed {
                    self.feed_row(m);
                }
            }
            _ => {}
        }
    }

    fn raster_setting(&mut self, what: [u8; 2], value: u32, m: &mut Mechanism) {
        let raster = &mut self.style.raster;
        match what {
            [b'E', _] => raster.eot_mode = value,
            [b'F', _] => raster.ff_mode = value,
            [b'm', b'l'] if value * 8 < m.sheet.width() => raster.left = value * 8,
            [b'Y', _] => {
                let rows = usize::try_from(value).unwrap_or(0).min(MOST_ROWS);
                let top = m.sheet.height();
                m.feed(rows);
                m.sheet.raster_rows(top, 0, rows);
            }
            [b'D', _] => {
                let device = u8::from(value == 2);
                m.pulse(device, self.style.pulse.0, self.style.pulse.1, false);
            }
            [b'R', _] => *raster = Raster::default(),
            _ => {}
        }
    }

    fn feed_row(&mut self, m: &mut Mechanism) {
        let row = std::mem::take(&mut self.style.raster.row);
        let top = m.sheet.height();
        m.sheet.feed(1);
        m.sheet.draw_row(&row, self.style.raster.left, top, 1, 1);
        m.sheet.raster_rows(top, u32::try_from(row.len()).unwrap_or(0) * 8, 1);
        m.moved(1);
        self.style.raster.open = true;
    }

    /// "ESC * r E n" and "F": 8 and 9 cut in full, 12, 13 and the default in part, the others only feed.
    fn end_page(&mut self, mode: u32, m: &mut Mechanism) {
        if !self.style.raster.row.is_empty() {
            self.feed_row(m);
        }
        self.style.raster.open = false;
        match mode {
            8 | 9 => m.cut(true, Some(0)),
            0 | 12 | 13 => m.cut(false, Some(0)),
            _ => {}
        }
    }

    pub(super) fn picture(&mut self, width_bytes: u16, rows: u16, data: Vec<u8>, m: &mut Mechanism) {
        self.flush(m);
        let picture = Bitmap::of_rows(u32::from(width_bytes) * 8, u32::from(rows), data);
        let left = self.style.start(m.sheet.width(), picture.width());
        let top = m.sheet.height();
        for y in 0..picture.height() {
            let at = m.sheet.height();
            m.sheet.feed(1);
            m.sheet.draw_row(picture.row(y), left, at, 1, 1);
            m.moved(1);
        }
        let end = m.sheet.height();
        m.sheet.picture(top, picture.width(), picture.height(), end);
    }
}

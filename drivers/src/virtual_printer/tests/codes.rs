//! A reader library reads what was printed from the pictures, as a scanner would from the paper.

use super::super::*;
use rxing::common::HybridBinarizer;
use rxing::{BarcodeFormat, BinaryBitmap, DecodeHints, Luma8LuminanceSource, MultiFormatReader, Reader};

/// Reads the one code on a paper.
fn read(paper: &Paper) -> Option<(BarcodeFormat, String)> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(paper.png())).read_info().unwrap();
    let (width, height) = (reader.info().width, reader.info().height);
    let mut packed = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut packed).unwrap();
    let row = usize::try_from(width.div_ceil(8)).unwrap();
    // White paper around, as there is on a counter.
    let (margin, wide, high) = (40, width + 80, height + 80);
    let mut luma = vec![255; usize::try_from(wide * high).unwrap()];
    for y in 0..height {
        for x in 0..width {
            let byte = packed[usize::try_from(y).unwrap() * row + usize::try_from(x / 8).unwrap()];
            if byte & (0x80 >> (x % 8)) == 0 {
                luma[usize::try_from((y + margin) * wide + x + margin).unwrap()] = 0;
            }
        }
    }
    let source = Luma8LuminanceSource::new(luma, wide, high).unwrap();
    let mut image = BinaryBitmap::new(HybridBinarizer::new(source));
    let hints = DecodeHints { TryHarder: Some(true), ..DecodeHints::default() };
    let found = MultiFormatReader::default().decode_with_hints(&mut image, &hints).ok()?;
    Some((*found.getBarcodeFormat(), found.getText().to_owned()))
}

fn escpos(system: u8, data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).unwrap();
    [b"\x1ba\x01\x1dh\x50\x1dw\x02\x1dH\x02\x1dk", [system, length].as_slice(), data].concat()
}

#[test]
fn receipts_bar_codes() {
    use BarcodeFormat::{CODABAR, CODE_39, CODE_93, CODE_128, EAN_8, EAN_13, ITF, UPC_A, UPC_E};
    for (system, data, format, text) in [
        (65, &b"03600029145"[..], UPC_A, "036000291452"),
        (66, b"04210000526", UPC_E, "04252614"),
        (67, b"400638133393", EAN_13, "4006381333931"),
        (67, b"978020137962", EAN_13, "9780201379624"),
        (68, b"7351353", EAN_8, "73513537"),
        (69, b"ABC-123 $/+%.", CODE_39, "ABC-123 $/+%."),
        (69, b"0456789XYZQKW", CODE_39, "0456789XYZQKW"),
        (70, b"1234567890", ITF, "1234567890"),
        (71, b"A40156+7B", CODABAR, "40156+7"),
        (71, b"C98-32$.:/D", CODABAR, "98-32$.:/"),
        (72, b"TRIVET-42 Soup", CODE_93, "TRIVET-42 Soup"),
        (73, b"{BTicket #1042{C\x00\x63\x2a", CODE_128, "Ticket #1042009942"),
        (73, b"{AABC{S!{BxyZ~", CODE_128, "ABC!xyZ~"),
    ] {
        let papers = develop(&Settings::default(), &escpos(system, data));
        assert_eq!(papers.len(), 1, "{system} {data:?} prints nothing");
        assert_eq!(read(&papers[0]), Some((format, text.to_owned())), "{system} {}", String::from_utf8_lossy(data));
    }
}

#[test]
fn receipts_bar_codes_at_every_module_width() {
    for module in 2..=6 {
        let bytes = [b"\x1dw".as_slice(), &[module], b"\x1dh\x50\x1dkC\x0c400638133393"].concat();
        let paper = develop(&Settings::default(), &bytes).remove(0);
        assert_eq!(read(&paper).map(|(_, text)| text).as_deref(), Some("4006381333931"), "{module}");
    }
    // 576 dots have no room for it: nothing is printed, as on the printer.
    let wide = develop(&Settings::default(), b"\x1dw\x06\x1dkE\x10ABCDEFGHIJKLMNOP");
    assert!(wide.is_empty());
}

#[test]
fn receipts_qr_codes() {
    for (data, level) in [("https://trivet.example/r/7K2?t=12", 48), ("Crème brûlée", 49), ("0123456789", 51)] {
        let length = u8::try_from(data.len() + 3).unwrap();
        let bytes = [
            b"\x1ba\x01\x1d(k\x03\x001C\x05\x1d(k\x03\x001E".as_slice(),
            &[level],
            b"\x1d(k",
            &[length, 0],
            b"1P0",
            data.as_bytes(),
            b"\x1d(k\x03\x001Q0",
        ]
        .concat();
        let papers = develop(&Settings::default(), &bytes);
        assert_eq!(read(&papers[0]), Some((BarcodeFormat::QR_CODE, data.to_owned())));
        assert_eq!(papers[0].text(), format!("[QR: {data}]\n"));
    }
}

#[test]
fn stars_codes() {
    use BarcodeFormat::{CODABAR, CODE_39, CODE_93, CODE_128, EAN_8, EAN_13, ITF, UPC_A, UPC_E};
    for (system, mode, data, format, text) in [
        (b'0', b'2', &b"04210000526"[..], UPC_E, "04252614"),
        (b'1', b'2', b"03600029145", UPC_A, "036000291452"),
        (b'2', b'3', b"7351353", EAN_8, "73513537"),
        (b'3', b'1', b"400638133393", EAN_13, "4006381333931"),
        (b'4', b'4', b"TABLE-12", CODE_39, "TABLE-12"),
        (b'5', b'1', b"123456", ITF, "123456"),
        (b'6', b'1', b"Ticket 1042 %0", CODE_128, "Ticket 1042 %"),
        (b'7', b'1', b"soup", CODE_93, "soup"),
        (b'8', b'2', b"A1234B", CODABAR, "1234"),
    ] {
        let bytes = [b"\x1b\x1da\x01\x1bb".as_slice(), &[system, b'2', mode, 80], data, b"\x1e"].concat();
        let papers = develop(&Settings::star(), &bytes);
        assert_eq!(papers.len(), 1, "{data:?} prints nothing");
        assert_eq!(read(&papers[0]), Some((format, text.to_owned())), "{}", String::from_utf8_lossy(data));
    }
    let qr = develop(&Settings::star(), b"\x1b\x1dyS2\x05\x1b\x1dyD1\x00\x07\x00trivet!\x1b\x1dyP");
    assert_eq!(read(&qr[0]), Some((BarcodeFormat::QR_CODE, "trivet!".to_owned())));
}

#[test]
fn labels_codes_in_every_direction() {
    use BarcodeFormat::{CODE_39, CODE_128, EAN_13, ITF, QR_CODE};
    for (body, format, text) in [
        ("^BY2,3,80^FO80,60^BCN^FDLOT-0042^FS", CODE_128, "LOT-0042"),
        ("^BY3^FO80,60^BCN,90,Y^FD>;12345678>6ab^FS", CODE_128, "12345678ab"),
        ("^BY2^FO80,60^BCN,90,Y,N,N,A^FD12345678ab^FS", CODE_128, "12345678ab"),
        ("^BY2^FO80,20^BCR,90,N^FDLOT^FS", CODE_128, "LOT"),
        ("^BY2^FO80,60^BCI,90,N^FDLOT^FS", CODE_128, "LOT"),
        ("^BY2^FO80,20^BCB,90,N^FDLOT^FS", CODE_128, "LOT"),
        ("^BY3^FO80,60^BEN,90^FD400638133393^FS", EAN_13, "4006381333931"),
        ("^BY2,2.5^FO80,60^B3N,N,90^FDAB-1^FS", CODE_39, "AB-1"),
        ("^BY2,3^FO80,60^B2N,90^FD123456^FS", ITF, "123456"),
        ("^FO80,60^BQN,2,6^FDQA,https://trivet.x^FS", QR_CODE, "https://trivet.x"),
        ("^FO80,60^BQN,2,6^FDMM,Asoup 42^FS", QR_CODE, "soup 42"),
    ] {
        let papers = develop(&Settings::label(), format!("^XA{body}^XZ").as_bytes());
        assert_eq!(read(&papers[0]), Some((format, text.to_owned())), "{body}");
    }
}

/// A code that leaves the paper as a picture is read as well.
#[test]
fn a_qr_code_sent_as_raster() {
    let code = symbols::qr(b"raster", symbols::Correction::Medium).unwrap();
    let width = 24;
    let mut bytes = b"\x1ba\x01\x1dv0\x00\x18\x00".to_vec();
    bytes.extend(u16::try_from(code.height() * 6).unwrap().to_le_bytes());
    for y in 0..code.height() * 6 {
        let mut row = vec![0u8; width];
        for x in (0..code.width() * 6).filter(|x| code.dot(x / 6, y / 6)) {
            row[usize::try_from(x / 8).unwrap()] |= 0x80 >> (x % 8);
        }
        bytes.extend(row);
    }
    let papers = develop(&Settings::default(), &bytes);
    assert_eq!(read(&papers[0]).map(|(_, text)| text).as_deref(), Some("raster"));
}

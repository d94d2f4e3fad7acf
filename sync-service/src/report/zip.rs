//! A ZIP archive of a few small files, stored as they are
//! (<https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>).

/// The archive of some files, in their order.
pub(super) fn archive(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>, std::num::TryFromIntError> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in files {
        let at = u32::try_from(out.len())?;
        let length = u32::try_from(bytes.len())?;
        let name_length = u16::try_from(name.len())?;
        let mut head = Vec::with_capacity(26);
        // Version 2.0, names in UTF-8, stored, 1 January 1980: equal reports are equal files.
        for field in [20_u16, 0x0800, 0, 0, 0x21] {
            head.extend(field.to_le_bytes());
        }
        for field in [crc32(bytes), length, length] {
            head.extend(field.to_le_bytes());
        }
        head.extend(name_length.to_le_bytes());
        head.extend(0_u16.to_le_bytes());
        out.extend(0x0403_4b50_u32.to_le_bytes());
        out.extend(&head);
        out.extend(name.as_bytes());
        out.extend(bytes);
        directory.extend(0x0201_4b50_u32.to_le_bytes());
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&head);
        for field in [0_u16, 0, 0, 0, 0] {
            directory.extend(field.to_le_bytes());
        }
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (at, length) = (u32::try_from(out.len())?, u32::try_from(directory.len())?);
    let count = u16::try_from(files.len())?;
    out.extend(directory);
    out.extend(0x0605_4b50_u32.to_le_bytes());
    for field in [0, 0, count, count] {
        out.extend(field.to_le_bytes());
    }
    for field in [length, at] {
        out.extend(field.to_le_bytes());
    }
    out.extend(0_u16.to_le_bytes());
    Ok(out)
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
    }
}

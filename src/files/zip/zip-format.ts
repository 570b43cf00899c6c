// The parts of the zip format that PyTorch's files use: stored entries, zip64, CRC-32.
// PKWARE APPNOTE.TXT 6.3.10; sizes and offsets of 0xffffffff stand in a zip64 field.

export const LOCAL_SIGNATURE = 0x04034b50;
export const CENTRAL_SIGNATURE = 0x02014b50;
export const END_SIGNATURE = 0x06054b50;
export const END64_SIGNATURE = 0x06064b50;
export const LOCATOR64_SIGNATURE = 0x07064b50;

/** Bytes before the name. */
export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
export const END64_BYTES = 56;
export const LOCATOR64_BYTES = 20;

export const ZIP64_FIELD = 0x0001;
export const STORED = 0;
/** Bit 0 of an entry's flags. */
export const ENCRYPTED = 1;
/** Bit 11 of an entry's flags: the name is UTF-8. */
export const UTF8 = 0x0800;
/** What 16 and 32 bits hold at most; a field that says so stands in zip64's. */
export const MAX16 = 0xffff;
export const MAX32 = 0xffffffff;

/** A file of an archive, by its path inside. */
export interface TarFile {
  path: string
  content: Buffer
  /** Permission bits; readable by all by default. */
  mode?: number
}

function header(file: TarFile): Buffer {
  const block = Buffer.alloc(512)
  const octal = (value: number, offset: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, length, 'latin1')
  }
  block.write(file.path, 0, 100, 'utf8')
  octal(file.mode ?? 0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(file.content.length, 124, 12)
  octal(0, 136, 12)
  block.write('        ', 148, 8, 'latin1')
  block.write('0', 156, 1, 'latin1')
  block.write('ustar\x0000', 257, 8, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1')
  return block
}

/** A tar archive of the files, the same bytes for the same files: owner, group and time are all zero [POSIX pax, ustar]. */
export function tar(files: readonly TarFile[]): Buffer {
  const parts = files.flatMap((file) => [
    header(file),
    file.content,
    Buffer.alloc((512 - (file.content.length % 512)) % 512),
  ])
  return Buffer.concat([...parts, Buffer.alloc(1024)])
}

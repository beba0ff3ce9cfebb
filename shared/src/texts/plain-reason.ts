/** The error codes of the operating system in words for an operator. */
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'the path does not exist',
  ENOTDIR: 'a part of the path is a file, not a directory',
  EEXIST: 'a file with this name already exists',
  EISDIR: 'the path is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is exhausted',
  EIO: 'the disk reported an error',
  EBUSY: 'the file is in use',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ETIMEDOUT: 'there was no response in time',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was closed',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
}

/** The `code` of a system error, such as `ENOENT`; undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** An error in words for a person: without codes, system calls and stack. */
export function plainReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const known = reasons[systemErrorCode(error) ?? '']
  if (known !== undefined) return known
  // Node writes system errors as `CODE: text, call 'path'`, and those of a child process as `spawnSync az CODE`.
  const text = error.message.replace(/^E[A-Z0-9_]+: /, '').replace(/, [a-z]+(?: '.*')?$/, '')
  return text.replaceAll(/\bE[A-Z0-9]{3,}\b|\bERR_[A-Z0-9_]+\b/g, 'an error')
}

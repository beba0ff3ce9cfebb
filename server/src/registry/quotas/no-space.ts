import { StorageFullError } from '../../storage/index.ts'

/** The error for new content while the file system has less space than the reserve. */
export function noSpace(): StorageFullError {
  return new StorageFullError('the file system has no space left for content')
}

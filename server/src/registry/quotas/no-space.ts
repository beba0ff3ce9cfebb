import { StorageFullError } from '../../storage/index.ts'

/** Content is denied while the file system has less space than the reserve. */
export function noSpace(): StorageFullError {
  return new StorageFullError('the file system has no space left for content')
}

export { type Moved, type MoveProgress, measure, moveData } from './move.ts'
export { openVerifiedBlobs } from './verified-blobs.ts'

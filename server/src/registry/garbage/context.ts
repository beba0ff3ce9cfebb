import type { UploadContext } from '../uploads/context.ts'

/** The context of the garbage collection. */
export type GarbageContext = Pick<UploadContext, 'database' | 'clock' | 'blobs' | 'settings' | 'running' | 'staged'>

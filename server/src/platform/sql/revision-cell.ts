/** The place of the authority revision. Only the thread with the writing database changes it. */
export type RevisionCell = { value: number }

/** The revision of a database that has just been opened. */
export const initialRevision = 1

/** An object that contains the authority revision. Only the thread with the writing database changes the revision. */
export type RevisionCell = { value: number }

/** The revision of a newly opened database. */
export const initialRevision = 1

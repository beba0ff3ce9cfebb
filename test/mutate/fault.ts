/** One single fault in the code, and the tests of which at least one must fail while it is there. */
export interface Fault {
  /** What the fault does, as a short sentence. */
  readonly what: string
  /** The file, from the root of the repository. */
  readonly file: string
  /** A text that occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Test files, from the root of the repository. */
  readonly tests: readonly string[]
  /** A part of the titles of the tests that must notice it, if the files have long tests besides. */
  readonly only?: string
}

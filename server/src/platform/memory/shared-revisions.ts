import { placeOf } from './place-of.ts'

/**
 * The size of the table for the revisions of contents: a power of two. Contents with the same index share a revision.
 */
const contentPlaces = 4096

/**
 * Revisions in memory that all threads of the process share. One thread changes a revision, after the commit of a
 * change and before the change is acknowledged. A thread that reads a revision first, and the data afterwards, gets the
 * data of this revision or of a later revision.
 */
export class SharedRevisions {
  /** The shared memory. With this memory, another thread can create an object for the same revisions. */
  readonly memory: SharedArrayBuffer
  readonly #authority: Int32Array
  readonly #contents: Int32Array

  /** @param memory the memory of an object in another thread. By default, new memory is allocated */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(4 * (1 + contentPlaces))) {
    this.memory = memory
    this.#authority = new Int32Array(memory, 0, 1)
    this.#contents = new Int32Array(memory, 4)
  }

  /** The authority revision. */
  get value(): number {
    return Atomics.load(this.#authority, 0)
  }

  set value(revision: number) {
    Atomics.store(this.#authority, 0, revision)
  }

  /**
   * The index of the content with a name, which the other methods need. Contents with the same index share a revision.
   */
  contentPlace(name: string): number {
    return placeOf(name, contentPlaces)
  }

  /** The revision of the content at an index. */
  contentAt(place: number): number {
    return Atomics.load(this.#contents, place)
  }

  /** Changes the revision of the content at an index. */
  changeContent(place: number): void {
    Atomics.add(this.#contents, place, 1)
  }
}

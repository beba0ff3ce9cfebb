import { placeOf } from './place-of.ts'

/** The number of places for the revisions of contents: a power of two. Contents with the same place share a revision. */
const contentPlaces = 4096

/**
 * Revisions in memory that all threads of the process share. One thread changes the revisions: after the commit of a
 * change, and
 * before the change is acknowledged. A thread that reads a revision, and then data, has data of that revision or a later one.
 */
export class SharedRevisions {
  /** The shared memory, for the same object in another thread. */
  readonly memory: SharedArrayBuffer
  readonly #authority: Int32Array
  readonly #contents: Int32Array

  /** @param memory that of an object of another thread; new memory by default */
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
   * The place of the content with a name, for the other functions. Other contents can have the same place, and share
   * its revision.
   */
  contentPlace(name: string): number {
    return placeOf(name, contentPlaces)
  }

  /** The revision of the content at a place. */
  contentAt(place: number): number {
    return Atomics.load(this.#contents, place)
  }

  /** Changes the revision of the content at a place. */
  changeContent(place: number): void {
    Atomics.add(this.#contents, place, 1)
  }
}

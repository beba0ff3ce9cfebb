import type { ManifestContent, NumberedBlob } from './content.ts'

/** A manifest that the server acknowledged, under a tag where it has one. */
export interface Acknowledged {
  readonly repository: string
  readonly tag: string | undefined
  readonly manifest: ManifestContent
}

/** An upload that was started and whose end is unknown. */
export interface OpenUpload {
  readonly repository: string
  readonly blob: NumberedBlob
  /** Where it continues. */
  url: URL
  /** The maximum number of bytes that the server can have. */
  sentBytes: number
}

/** The possible values of a tag after a kill: the last confirmed value, or any value that was requested since. */
interface TagState {
  certain: string | undefined
  asked: string[]
}

/**
 * The requests of the pushers and the acknowledgements of the server, which determine what must exist after a kill.
 *
 */
export class Ledger {
  readonly pushes: Acknowledged[] = []
  readonly blobs: { readonly repository: string; readonly blob: NumberedBlob }[] = []
  readonly uploads = new Set<OpenUpload>()
  readonly #tags = new Map<string, TagState>()
  readonly #knownManifests = new Map<string, ManifestContent>()

  /** Notes that a manifest is about to be sent. */
  ask({ repository, tag, manifest }: Acknowledged): void {
    this.#knownManifests.set(manifest.digest, manifest)
    if (tag === undefined) return
    const key = `${repository}:${tag}`
    const state = this.#tags.get(key) ?? { certain: undefined, asked: [] }
    state.asked.push(manifest.digest)
    this.#tags.set(key, state)
  }

  /** Notes that the client saw the manifest's 201. */
  acknowledge(push: Acknowledged): void {
    this.pushes.push(push)
    if (push.tag !== undefined) this.settle(push.repository, push.tag, push.manifest.digest)
  }

  /** Records the confirmed value of a tag. */
  settle(repository: string, tag: string, digest: string | undefined): void {
    this.#tags.set(`${repository}:${tag}`, { certain: digest, asked: [] })
  }

  /** The digests that a tag may have; undefined among them if the tag may be absent. */
  possibleDigests(repository: string, tag: string): (string | undefined)[] {
    const state = this.#tags.get(`${repository}:${tag}`)
    return state === undefined ? [undefined] : [state.certain, ...state.asked]
  }

  /** The tags whose last change the server has not answered. */
  unsettledTags(): { repository: string; tag: string }[] {
    return [...this.#tags].flatMap(([key, { asked }]) => {
      const colon = key.indexOf(':')
      return asked.length === 0 ? [] : [{ repository: key.slice(0, colon), tag: key.slice(colon + 1) }]
    })
  }

  /** The manifest of a digest that was ever sent. */
  manifestOf(digest: string): ManifestContent | undefined {
    return this.#knownManifests.get(digest)
  }
}

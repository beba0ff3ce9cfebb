import type { ManifestContent, NumberedBlob } from './content.ts'

/** A manifest that the server acknowledged, under a tag where it has one. */
export interface Acknowledged {
  readonly repository: string
  readonly tag: string | undefined
  readonly manifest: ManifestContent
}

/** An upload that was begun and of whose end nothing is known. */
export interface OpenUpload {
  readonly repository: string
  readonly blob: NumberedBlob
  /** Where it continues. */
  url: URL
  /** How many bytes at most the server can have. */
  sentBytes: number
}

/** What a tag may be after a kill: what it last was for certain, or anything that was asked for since. */
interface TagState {
  certain: string | undefined
  asked: string[]
}

/** What the pushers asked for and what the server acknowledged: the measure of what must be there after a kill. */
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

  /** Notes what a tag is for certain. */
  settle(repository: string, tag: string, digest: string | undefined): void {
    this.#tags.set(`${repository}:${tag}`, { certain: digest, asked: [] })
  }

  /** The digests that a tag may have; undefined among them where it may be absent. */
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

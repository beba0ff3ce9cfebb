import assert from 'node:assert/strict'
import type { Client } from '../durability/client.ts'
import { Ledger } from '../durability/ledger.ts'
import { Verifier } from '../durability/verify.ts'
import { expectStatus } from '../harness/arm.ts'
import { type Field, keepDoing, someClient } from './field.ts'
import { pushImage, someImage } from './push-image.ts'

interface Kept {
  readonly image: ReturnType<typeof someImage>
  /** What the server acknowledged last; `unknown` if it did not answer. */
  state: 'there' | 'deleted' | 'unknown'
  /** Whether the push was acknowledged. */
  isPushed: boolean
}

/** Pushes, deletes and restores images of a repository with soft delete that nobody else changes. */
export class Keeper {
  readonly #repository: string
  readonly #images: Kept[] = []
  readonly #changed = new Set<Kept>()

  constructor(repository: string) {
    this.#repository = repository
  }

  run(field: Field): Promise<void> {
    return keepDoing(field, async () => {
      using client = someClient(field)
      const kept = this.#images.filter(({ state }) => state !== 'unknown')
      const one = kept[field.random.integer(0, Math.max(0, kept.length - 1))]
      if (one === undefined || field.random.chance(0.4)) await this.#push(field, client)
      else if (one.state === 'there') await this.#delete(field, client, one)
      else await this.#restore(field, client, one)
    })
  }

  #begin(kept: Kept): void {
    kept.state = 'unknown'
    this.#changed.add(kept)
  }

  async #push({ random, counts }: Field, client: Client): Promise<void> {
    const kept: Kept = { image: someImage(random), state: 'unknown', isPushed: false }
    this.#images.push(kept)
    this.#begin(kept)
    await pushImage(client, this.#repository, kept.image)
    kept.state = 'there'
    kept.isPushed = true
    counts.manifests += 1
    counts.blobs += kept.image.parts.length
  }

  async #delete({ counts }: Field, client: Client, kept: Kept): Promise<void> {
    this.#begin(kept)
    const to = `/v2/${this.#repository}/manifests/${kept.image.digest}`
    expectStatus(await client.send({ method: 'DELETE', to }), 202)
    kept.state = 'deleted'
    counts.deletions += 1
  }

  async #restore({ counts }: Field, client: Client, kept: Kept): Promise<void> {
    this.#begin(kept)
    const to = `/acr/v1/_deleted/${this.#repository}/_manifests/${kept.image.digest}`
    expectStatus(await client.send({ method: 'POST', to }), 200)
    kept.state = 'there'
    counts.restorations += 1
  }

  /** Asserts that the images are as acknowledged: those that have changed since the last time, or all. */
  async verify(client: Client, which: 'changed' | 'all'): Promise<void> {
    const verifier = new Verifier(client, new Ledger())
    for (const kept of which === 'all' ? [...this.#images] : this.#changed)
      await this.#verifyOne(client, verifier, kept)
    this.#changed.clear()
  }

  async #verifyOne(client: Client, verifier: Verifier, kept: Kept): Promise<void> {
    const to = `/v2/${this.#repository}/manifests/${kept.image.digest}`
    const { status } = await client.send({ method: 'GET', to })
    const possible = { there: [200], deleted: [404], unknown: [200, 404] }[kept.state]
    assert.ok(possible.includes(status), `${to}: ${status}, although it was ${kept.state}`)
    kept.isPushed ||= status === 200
    kept.state = status === 200 ? 'there' : 'deleted'
    // What never came to be cannot be restored.
    if (!kept.isPushed) this.#images.splice(this.#images.indexOf(kept), 1)
    if (status === 200) await verifier.push({ repository: this.#repository, tag: undefined, manifest: kept.image })
  }
}

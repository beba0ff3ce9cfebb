import type { Client } from '../durability/client.ts'
import type { ManifestContent } from '../durability/content.ts'
import { Ledger } from '../durability/ledger.ts'
import { Verifier } from '../durability/verify.ts'
import { registryUrl } from '../harness/registry.ts'
import { type Field, keepDoing, someClient } from './field.ts'
import { pushImage, someImage } from './push-image.ts'

const repository = 'policies/moved'

/** Moves tags in a registry whose retention policy deletes untagged manifests at once. */
export class Mover {
  readonly #loginServer: string
  readonly #ledger = new Ledger()
  readonly #tags = ['a', 'b', 'c', 'd']
  readonly #pushed: ManifestContent[] = []

  constructor(loginServer: string) {
    this.#loginServer = loginServer
  }

  /** The same servers, by the login server of the registry. */
  at<Of extends Pick<Field, 'servers'>>(of: Of): Of {
    const servers = of.servers.map((server) => ({
      ...server,
      baseUrl: registryUrl(server, { loginServer: this.#loginServer }),
    }))
    return { ...of, servers }
  }

  run(field: Field): Promise<void> {
    const here = this.at(field)
    return keepDoing(here, async () => {
      using client = someClient(here)
      const tag = here.random.pick(['a', 'b', 'c', 'd'])
      const manifest = someImage(here.random)
      const push = { repository, tag, manifest }
      this.#ledger.ask(push)
      await pushImage(client, repository, manifest, tag)
      this.#ledger.acknowledge(push)
      this.#pushed.push(manifest)
      here.counts.manifests += 1
      here.counts.blobs += manifest.parts.length
    })
  }

  /** Asserts that each tag points to the complete image that was pushed last. */
  async verify(client: Client): Promise<void> {
    const verifier = new Verifier(client, this.#ledger)
    for (const tag of this.#tags) await verifier.tag(repository, tag)
  }

  /** How many manifests the policy has deleted. */
  async deleted(client: Client): Promise<number> {
    let count = 0
    for (const { digest } of this.#pushed) {
      const { status } = await client.send({ method: 'HEAD', to: `/v2/${repository}/manifests/${digest}` })
      if (status === 404) count += 1
    }
    return count
  }
}

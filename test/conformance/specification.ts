import { describe, test } from 'node:test'
import { testBlobReads } from './blob-reads.ts'
import { testBlobUploads } from './blob-uploads.ts'
import type { Caller } from './caller.ts'
import { testDiscovery } from './discovery.ts'
import { expect } from './exchange.ts'
import { testManifestDeletes } from './manifest-deletes.ts'
import { testManifests } from './manifests.ts'

/** Every test of [OCI distribution-spec] for one caller. */
export function testSpecification(caller: Caller): void {
  describe(caller.name, () => {
    test('the API is there [Determining Support]', async () => {
      expect(await caller.send({ path: '/v2/' }), 200)
    })
    testBlobUploads(caller)
    testBlobReads(caller)
    testManifests(caller)
    testDiscovery(caller)
    testManifestDeletes(caller)
  })
}

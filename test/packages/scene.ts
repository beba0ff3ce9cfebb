import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { type ClientHome, requireClient, requireRoot } from '../harness/clients.ts'
import type { Built } from './build.ts'

/** The programs that build the executable, the Debian package and the image. */
export const buildTools = ['npm', 'tar', 'strip', 'aarch64-linux-gnu-strip', 'mmdebstrap', 'dpkg-deb'] as const

/** What the tests of the executable and its packages share. `built` is undefined if this machine cannot build them. */
export type Scene = { built: Built | undefined; readonly home: ClientHome }

/** The packages; undefined, with the test marked as not run, if this machine cannot build them or run the programs. */
export function requireBuilt(t: TestContext, scene: Scene, ...programs: readonly string[]): Built | undefined {
  return requireClient(t, ...buildTools, ...programs) && requireRoot(t) ? scene.built : undefined
}

const manifestFile = new URL('../../package.json', import.meta.url)

/** The version of this tree. */
export const { version } = JSON.parse(readFileSync(manifestFile, 'utf8')) as { version: string }

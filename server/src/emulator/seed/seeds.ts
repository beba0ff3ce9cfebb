import { createReadStream } from 'node:fs'
import path from 'node:path'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import type { SeedOutputs } from './apply-seed.ts'
import type { SeedContext } from './context.ts'
import type { SeedDocument } from './read-seed.ts'
import { SeedError } from './seed-error.ts'

/** The seeds of an emulator. */
export type Seeds = {
  /** Applies files in their order. Every file is validated before the first file is applied. @throws StartupError */
  readonly applyFiles: (files: readonly string[]) => Promise<void>
  /** Applies the seed document in a request. @throws SeedError */
  readonly apply: (text: string) => Promise<SeedOutputs>
}

export type SeedsOptions = {
  /** Returns the present server, because a reset replaces the server. */
  readonly context: () => SeedContext
  /** The directory to which paths in a request are relative; undefined to reject paths. */
  readonly directory: string | undefined
}

/** The name that errors use for the document in a request. */
const requestName = 'seed'

/** The parser is imported only when it is needed, because emulators without a seed then start faster. */
const loadReader = () => import('./read-seed.ts')
const loadChanges = () => import('./apply-seed.ts')

/** Creates the seeds of an emulator. */
export function createSeeds({ context, directory }: SeedsOptions): Seeds {
  return {
    applyFiles: async (files) => {
      if (files.length === 0) return
      try {
        const documents = await Promise.all(files.map(readSeedFile))
        const { applySeed } = await loadChanges()
        for (const document of documents) await applySeed(context(), document)
      } catch (error) {
        if (!(error instanceof SeedError)) throw error
        const message = `the seed cannot be applied\n${error.message}`
        throw new StartupError(message, exitCodes.seedUnusable, 'correct the seed', { cause: error })
      }
    },
    apply: async (text) => {
      const { readSeed } = await loadReader()
      const document = readSeed(text, requestName, directory)
      const { applySeed } = await loadChanges()
      return applySeed(context(), document)
    },
  }
}

async function readSeedFile(file: string): Promise<SeedDocument> {
  const { maxSeedBytes, readSeed } = await loadReader()
  // Reading one byte more than the maximum is enough to reject the file.
  const pieces = await createReadStream(file, { end: maxSeedBytes })
    .toArray()
    .catch((error: unknown) => {
      throw new SeedError(`${file}: the file cannot be read: ${plainReason(error)}`, { cause: error })
    })
  return readSeed(decode(Buffer.concat(pieces), file), shortName(file), path.dirname(file))
}

/** The path of a file relative to the working directory, or the absolute path of a file outside it. */
function shortName(file: string): string {
  const relative = path.relative('', file)
  return relative.startsWith('..') ? file : relative
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new SeedError(`${file}: the file is not UTF-8`, { cause: error })
  }
}

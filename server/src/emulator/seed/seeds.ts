import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { StartupError, exitCodes } from '@acrux/shared/texts/startup-error.ts'
import { type SeedOutputs, applySeed } from './apply-seed.ts'
import type { SeedContext } from './context.ts'
import { type SeedDocument, readSeed } from './read-seed.ts'
import { SeedError } from './seed-error.ts'

/** The seeds of an emulator. */
export type Seeds = {
  /** Applies files in their order. Each is validated before the first is applied. @throws StartupError */
  readonly applyFiles: (files: readonly string[]) => Promise<void>
  /** Applies the document of a request. @throws SeedError */
  readonly apply: (text: string) => Promise<SeedOutputs>
}

export type SeedsOptions = {
  /** The present server, which a reset replaces. */
  readonly context: () => SeedContext
  /** The directory that paths in a request are relative to; undefined to reject paths. */
  readonly directory: string | undefined
}

/** The name of the document of a request in errors. */
const requestName = 'seed'

/** Creates the seeds of an emulator. */
export function createSeeds({ context, directory }: SeedsOptions): Seeds {
  return {
    applyFiles: async (files) => {
      try {
        const documents = await Promise.all(files.map(readSeedFile))
        for (const document of documents) await applySeed(context(), document)
      } catch (error) {
        if (!(error instanceof SeedError)) throw error
        const message = `the seed cannot be applied\n${error.message}`
        throw new StartupError(message, exitCodes.seedUnusable, 'correct the seed', { cause: error })
      }
    },
    apply: (text) => applySeed(context(), readSeed(text, requestName, directory)),
  }
}

async function readSeedFile(file: string): Promise<SeedDocument> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new SeedError(`${file}: the file cannot be read: ${plainReason(error)}`, { cause: error })
  })
  return readSeed(decode(bytes, file), path.relative('', file), path.dirname(file))
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new SeedError(`${file}: the file is not UTF-8`, { cause: error })
  }
}

import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { AcruxOptions } from '../api/api.ts'
import type { Seed } from '../api/seed.ts'

/** The arguments of `acrux emulator`. `folder` is the directory for its files. */
export function emulatorArguments(options: AcruxOptions, folder: string, readyFile: string): string[] {
  const { seed, port = 0, http, ca, clock, realism, log } = options
  return [
    'emulator',
    '--until-stdin-closes',
    '--ready-file',
    readyFile,
    '--listen',
    `127.0.0.1:${port}`,
    ...(seed === undefined ? [] : ['--seed', typeof seed === 'string' ? resolve(seed) : writeSeed(seed, folder)]),
    ...(http === true ? ['--http'] : []),
    ...(ca === undefined ? [] : ['--ca-cert', resolve(ca.cert), '--ca-key', resolve(ca.key)]),
    ...(clock === undefined ? [] : ['--clock', typeof clock === 'string' ? clock : clock.toISOString()]),
    ...(realism === undefined ? [] : ['--realism', realism]),
    ...(log === 'silent' ? ['--silent'] : []),
  ]
}

/**
 * Writes a seed to a file. Paths in the seed are relative to the working directory of the test, but paths in a file are relative to the
 * file, so the paths become absolute.
 */
function writeSeed(seed: Seed, folder: string): string {
  const withPath = (name: string) => (object: Readonly<Record<string, unknown>>) => {
    const path = object[name]
    return typeof path === 'string' ? { ...object, [name]: resolve(path) } : object
  }
  const { images, templates } = seed
  const content = {
    ...seed,
    ...(images !== undefined && { images: images.map(withPath('from')) }),
    ...(templates !== undefined && { templates: templates.map(withPath('file')) }),
  }
  const file = join(folder, 'acrux.seed.json')
  writeFileSync(file, JSON.stringify(content))
  return file
}

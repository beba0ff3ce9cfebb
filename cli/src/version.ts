import { readPackagedFile } from '@acrux/server/packaged-file'

/** The version of this acrux. */
export const version = readVersion()

function readVersion(): string {
  const text = readPackagedFile(new URL('../package.json', import.meta.url))
  return (JSON.parse(text) as { readonly version: string }).version
}

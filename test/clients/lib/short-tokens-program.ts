/* Loaded before the server, with --import: the access tokens of its registries are then valid for a minute. */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/token-service/tokens/acr-token-claims.ts')) return loaded
    const source = readFileSync(new URL(url), 'utf8')
    if (!source.includes('accessTokenSeconds = 75 * 60')) throw new Error('the lifetime of access tokens was not found')
    return { ...loaded, source: source.replace('accessTokenSeconds = 75 * 60', 'accessTokenSeconds = 60') }
  },
})

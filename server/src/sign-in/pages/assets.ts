import { createHash } from 'node:crypto'
import { readPackagedFile } from '../../platform/process/packaged-file.ts'

/** A file that pages link to. Its path contains a hash of its content, so browsers may cache it forever. */
export type Asset = { readonly path: string; readonly contentType: string; readonly text: string }

const style = asset('style', 'css', 'text/css; charset=utf-8')
const passkeyScript = asset('passkey', 'js', 'text/javascript; charset=utf-8')
const submitScript = asset('submit', 'js', 'text/javascript; charset=utf-8')
const recoveryCodesScript = asset('recovery-codes', 'js', 'text/javascript; charset=utf-8')
const oneTimeLinkScript = asset('one-time-link', 'js', 'text/javascript; charset=utf-8')

/** All files that pages link to. */
export const assets = { style, passkeyScript, submitScript, recoveryCodesScript, oneTimeLinkScript } as const

function asset(name: string, extension: string, contentType: string): Asset {
  const text = readPackagedFile(new URL(`../assets/${name}.${extension}`, import.meta.url))
  // In hexadecimal, because paths are matched without regard to case.
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 20)
  return { path: `/sign-in/${name}.${hash}.${extension}`, contentType, text }
}

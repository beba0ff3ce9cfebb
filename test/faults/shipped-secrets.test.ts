import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const notShipped = new Set(['node_modules', '.git', 'acrux-data', 'dist', 'coverage'])

/** What is in version control; in an unpacked archive, which has none, everything but what is installed into it. */
function shippedFiles(): string[] {
  if (!existsSync(join(root, '.git'))) return filesBelow(root)
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 64 * 1024 * 1024 }).toString('utf8')
  return listed
    .split('\0')
    .filter((name) => name !== '')
    .map((name) => join(root, name))
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (notShipped.has(entry.name)) return []
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return entry.isFile() ? [path] : []
  })
}

// A gap stands for a line's end, written out or escaped.
const gap = String.raw`(?:\\n|\s)*`
const forms: Record<string, RegExp> = {
  'a private key in PEM': new RegExp(`-----BEGIN [A-Z ]*PRIVATE KEY-----${gap}[A-Za-z0-9+/=]{16}`),
  'a private key in PGP': /-{5}BEGIN PGP PRIVATE KEY BLOCK-{5}/,
  'a private JWK': /["']?d["']?\s*:\s*["'][A-Za-z0-9_-]{40,}["']/,
  'a symmetric JWK': /["']?k["']?\s*:\s*["'][A-Za-z0-9_-]{40,}["']/,
  'a signed token': /eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}/,
  'a registry password': /[A-Za-z0-9+/]{42}\+ACR[A-D][A-Za-z0-9+/]{5}/,
  'a client secret': /\b[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}/,
  'a client secret of ours': /\bac~[A-Za-z0-9_-]{43}/,
  'a storage key': /AccountKey=[A-Za-z0-9+/]{60,}/,
  'a cloud access key': /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  'a personal token': /\b(?:ghp|gho|ghs|npm)_[A-Za-z0-9]{36}\b/,
  'credentials in a URL': /\bhttps?:\/\/[^\s/:@'"`${}]+:[^\s/@'"`${}]{6,}@/,
}

test('fault 2: no shipped file contains a private key or a secret', () => {
  const files = shippedFiles()
  assert.ok(files.length > 100, `only ${files.length} files were found`)
  const found = files.flatMap((file) => {
    if (!existsSync(file) || statSync(file).size > 16 * 1024 * 1024) return []
    const text = readFileSync(file, 'latin1')
    return Object.entries(forms).flatMap(([what, form]) =>
      form.test(text) ? [`${relative(root, file)} holds ${what}: ${form.exec(text)?.[0].slice(0, 24)}…`] : [],
    )
  })
  assert.deepEqual(found, [])
})

test('fault 2: no file that is shipped is a key, a certificate store, a database or what a first run leaves behind', () => {
  const names =
    /(?:\.(?:key|p12|pfx|jks|keystore|db|sqlite3?|kdbx)|(?:^|\/)(?:first-run\.json|id_(?:rsa|ecdsa|ed25519)|\.netrc|\.npmrc|\.env))$/
  assert.deepEqual(
    shippedFiles()
      .map((file) => relative(root, file))
      .filter((name) => names.test(name) && name !== '.npmrc'),
    [],
  )
  // npm's own file holds settings here, and nowhere a token.
  assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^#[^\n]*\nignore-scripts=true\n$/)
})

test('fault 2: the forms that are searched for find what they are for', () => {
  const filler = 'Ab1'.repeat(30)
  // Each is in pieces, so that this file itself is not found.
  const examples = [
    ['-----BEGIN EC PRIVATE', ` KEY-----\\n${filler}`],
    ['{"d', `": "${filler}"}`],
    ['ey', `J${filler}.eyJ${filler}.${filler}`],
    [filler.slice(0, 42), '+ACR', 'A12345'],
    ['abc8', `Q~${filler.slice(0, 34)}`],
    ['ac', `~${filler.slice(0, 43)}`],
    ['https://user:', 'hunter22@registry.example.com'],
  ].map((pieces) => pieces.join(''))
  for (const example of examples) {
    assert.ok(
      Object.values(forms).some((form) => form.test(example)),
      `nothing finds ${example.slice(0, 30)}`,
    )
  }
})

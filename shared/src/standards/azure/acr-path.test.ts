import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type AcrPath, matchAcrPath } from './acr-path.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('each path of ACR’s data plane is recognised, escaped as SDKs do or plain as az does', () => {
  // prettier-ignore
  const cases: readonly { path: string; match: AcrPath | undefined; why: string }[] = [
    { path: '/acr/v1/_catalog', match: { kind: 'catalog' }, why: 'the catalog' },
    { path: '/acr/v1/_bulk', match: { kind: 'bulk' }, why: 'several operations' },
    { path: '/acr/v1/_repositories', match: { kind: 'repositories' }, why: 'the list of repositories' },
    { path: '/acr/v1/a', match: { kind: 'repository', repository: 'a' }, why: 'a repository' },
    { path: '/acr/v1/a/b', match: { kind: 'repository', repository: 'a/b' }, why: 'plain' },
    { path: '/acr/v1/a%2Fb', match: { kind: 'repository', repository: 'a/b' }, why: 'escaped' },
    { path: '/acr/v1/a%2Fb/_tags', match: { kind: 'tags', repository: 'a/b' }, why: 'tags' },
    { path: '/acr/v1/a/b/_tags/v1', match: { kind: 'tag', repository: 'a/b', tag: 'v1' }, why: 'a tag' },
    { path: '/acr/v1/a/_tags/_x', match: { kind: 'tag', repository: 'a', tag: '_x' }, why: 'a tag may begin with an underscore' },
    { path: '/acr/v1/a/b/_tags/v1/_history', match: { kind: 'tag-history', repository: 'a/b', tag: 'v1' }, why: 'the changes of a tag' },
    { path: '/acr/v1/a%2Fb/_tags/v1/_revert', match: { kind: 'tag-revert', repository: 'a/b', tag: 'v1' }, why: 'moves a tag back' },
    { path: '/acr/v1/a/b/_images', match: { kind: 'images', repository: 'a/b' }, why: 'images' },
    { path: '/acr/v1/a/_manifests', match: { kind: 'manifests', repository: 'a' }, why: 'manifests' },
    { path: `/acr/v1/a%2Fb/_manifests/${encodeURIComponent(digest)}`, match: { kind: 'manifest', repository: 'a/b', digest }, why: 'escaped' },
    { path: `/acr/v1/a/b/_manifests/${digest}`, match: { kind: 'manifest', repository: 'a/b', digest }, why: 'plain' },
    { path: `/acr/v1/a%2Fb/_manifests/${digest}/_reports`, match: { kind: 'reports', repository: 'a/b', digest }, why: 'attached reports' },
    { path: '/acr/v1/_deleted/_catalog', match: { kind: 'deleted-catalog' }, why: 'soft-deleted repositories' },
    { path: '/acr/v1/_deleted/a/b/_tags', match: { kind: 'deleted-tags', repository: 'a/b' }, why: 'soft-deleted tags' },
    { path: '/acr/v1/_deleted/a%2Fb/_manifests', match: { kind: 'deleted-manifests', repository: 'a/b' }, why: 'soft-deleted manifests' },
    { path: `/acr/v1/_deleted/a/_manifests/${digest}`, match: { kind: 'deleted-manifest', repository: 'a', digest }, why: 'restores one' },
    { path: '/acr/v1/UPPER', match: { kind: 'repository', repository: 'UPPER' }, why: 'handed on, to be answered with NAME_INVALID' },
    { path: '/acr/v1/a%252Fb', match: { kind: 'repository', repository: 'a%2Fb' }, why: 'not decoded twice' },
    { path: '/acr/v1', match: undefined, why: 'nothing' },
    { path: '/acr/v1/', match: undefined, why: 'nothing' },
    { path: '/acr/v2/a', match: undefined, why: 'another version' },
    { path: '/acr/v1/_catalog/x', match: undefined, why: 'below the catalog' },
    { path: '/acr/v1/_bulk/x', match: undefined, why: 'below the operations' },
    { path: '/acr/v1/_repositories/x', match: undefined, why: 'below the list of repositories' },
    { path: '/acr/v1/_deleted/_repositories', match: undefined, why: 'no list of soft-deleted repositories' },
    { path: '/acr/v1/_tags', match: undefined, why: 'no repository' },
    { path: '/acr/v1/_tags/v1', match: undefined, why: 'no repository' },
    { path: '/acr/v1/a/_tags/', match: undefined, why: 'no tag' },
    { path: '/acr/v1/a/_tags/v1/x', match: undefined, why: 'below a tag' },
    { path: '/acr/v1/a/_tags/v1/_history/x', match: undefined, why: 'below the history' },
    { path: `/acr/v1/a/_manifests/${digest}/_history`, match: undefined, why: 'a manifest has no history' },
    { path: `/acr/v1/_deleted/a/_manifests/${digest}/_reports`, match: undefined, why: 'no such path' },
    { path: '/acr/v1/a/_images/x', match: undefined, why: 'below the images' },
    { path: '/acr/v1/_deleted/a/_tags/v1/_history', match: undefined, why: 'no such path' },
    { path: '/acr/v1/_deleted/a/_images', match: undefined, why: 'no such path' },
    { path: '/acr/v1/a/_streaming', match: undefined, why: 'out of scope' },
    { path: '/acr/v1/_deleted', match: undefined, why: 'no repository' },
    { path: '/acr/v1/_deleted/a', match: undefined, why: 'no such path' },
    { path: '/acr/v1/_deleted/a/_tags/v1', match: undefined, why: 'no such path' },
    { path: '/acr/v1/_deleted/_deleted/_catalog', match: undefined, why: 'no such path' },
    { path: '/acr/v1/a/../b', match: undefined, why: 'a parent directory' },
    { path: '/acr/v1/a%2F..%2Fb', match: undefined, why: 'an escaped one' },
    { path: '/acr/v1/a%00', match: undefined, why: 'NUL' },
  ]
  for (const { path, match, why } of cases) assert.deepEqual(matchAcrPath(path), match, `${path}: ${why}`)
})

test('escaped and plain spellings are one path', () => {
  const name = fc.array(fc.constantFrom('a', 'tags', 'v1', 'x-y'), { minLength: 1 }).map((parts) => parts.join('/'))
  const tail = fc.constantFrom('', '/_tags', '/_tags/t', '/_manifests', `/_manifests/${digest}`)
  fc.assert(
    fc.property(name, tail, fc.constantFrom('', '_deleted/'), (repository, end, head) => {
      const plain = matchAcrPath(`/acr/v1/${head}${repository}${end}`)
      const escaped = matchAcrPath(`/acr/v1/${head}${encodeURIComponent(repository)}${end.replace(':', '%3A')}`)
      assert.deepEqual(escaped, plain)
    }),
  )
})

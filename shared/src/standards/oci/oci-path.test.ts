import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { matchOciPath, type OciPath } from './oci-path.ts'

const digest = `sha256:${'a'.repeat(64)}`

test('each endpoint of distribution-spec is recognised', () => {
  // prettier-ignore
  const cases: readonly { path: string; match: OciPath | undefined; why: string }[] = [
    { path: '/v2/', match: { kind: 'base' }, why: 'end-1' },
    { path: '/v2', match: { kind: 'base' }, why: 'end-1 without its slash' },
    { path: `/v2/a/blobs/${digest}`, match: { kind: 'blob', repository: 'a', digest }, why: 'end-2' },
    { path: '/v2/a/manifests/latest', match: { kind: 'manifest', repository: 'a', reference: 'latest' }, why: 'end-3' },
    { path: '/v2/a/blobs/uploads/', match: { kind: 'uploads', repository: 'a' }, why: 'end-4a' },
    { path: '/v2/a/blobs/uploads', match: { kind: 'uploads', repository: 'a' }, why: 'end-4a without its slash' },
    { path: '/v2/a/blobs/uploads/7-b', match: { kind: 'upload', repository: 'a', uploadId: '7-b' }, why: 'end-5' },
    { path: '/v2/a/tags/list', match: { kind: 'tags', repository: 'a' }, why: 'end-8a' },
    { path: `/v2/a/referrers/${digest}`, match: { kind: 'referrers', repository: 'a', digest }, why: 'end-12a' },
    { path: '/v2/_catalog', match: { kind: 'catalog' }, why: 'Docker’s, kept by ACR' },
    { path: '/v2/a/b/c/tags/list', match: { kind: 'tags', repository: 'a/b/c' }, why: 'a name with slashes' },
    { path: '/v2/a%2Fb/tags/list', match: { kind: 'tags', repository: 'a/b' }, why: 'escaped slashes' },
    { path: `/v2/a/blobs/${digest.replace(':', '%3A')}`, match: { kind: 'blob', repository: 'a', digest }, why: 'an escaped colon' },
    { path: '/v2/tags/list', match: undefined, why: 'no name' },
    { path: '/v2//tags/list', match: undefined, why: 'an empty name' },
    { path: '/v2/manifests/latest', match: undefined, why: 'no name' },
    { path: '/v2/blobs/uploads/', match: undefined, why: 'no name' },
    { path: '/v2/blobs/uploads/x', match: undefined, why: 'no name' },
    { path: '/v2/a', match: undefined, why: 'no endpoint' },
    { path: '/v2/a/b', match: undefined, why: 'no endpoint' },
    { path: '/v2/a/tags', match: undefined, why: 'no endpoint' },
    { path: '/v2/a/tags/', match: undefined, why: 'no endpoint' },
    { path: '/v2/a/tags/list/', match: undefined, why: 'a slash too many' },
    { path: '/v2/a/manifests/', match: undefined, why: 'no reference' },
    { path: '/v2/a/blobs/', match: undefined, why: 'no digest' },
    { path: '/v2/a/blobs/uploads/x/y', match: undefined, why: 'no endpoint' },
    { path: '/v2/_catalog/', match: undefined, why: 'a slash too many' },
    { path: '/v1/_ping', match: undefined, why: 'the version before' },
    { path: '/V2/', match: undefined, why: 'paths have a case' },
    { path: '//v2/', match: undefined, why: 'an empty segment before' },
    { path: '/acr/v1/_catalog', match: undefined, why: 'another surface' },
  ]
  for (const { path, match, why } of cases) assert.deepEqual(matchOciPath(path), match, `${path}: ${why}`)
})

test('a repository’s name is as long as possible', () => {
  // prettier-ignore
  const cases: readonly { path: string; match: OciPath; why: string }[] = [
    { path: '/v2/tags/list/tags/list', match: { kind: 'tags', repository: 'tags/list' }, why: 'named as an endpoint' },
    { path: '/v2/a/tags/list/manifests/v1', match: { kind: 'manifest', repository: 'a/tags/list', reference: 'v1' }, why: 'an endpoint within' },
    { path: '/v2/x/manifests/y/manifests/z', match: { kind: 'manifest', repository: 'x/manifests/y', reference: 'z' }, why: 'the same endpoint within' },
    { path: '/v2/x/manifests/y/tags/list', match: { kind: 'tags', repository: 'x/manifests/y' }, why: 'an endpoint within' },
    { path: '/v2/a/blobs/uploads/b/manifests/c', match: { kind: 'manifest', repository: 'a/blobs/uploads/b', reference: 'c' }, why: 'an upload within' },
    { path: '/v2/a/blobs/uploads/b/blobs/uploads/', match: { kind: 'uploads', repository: 'a/blobs/uploads/b' }, why: 'an upload within' },
    { path: '/v2/a/blobs/uploads/b/blobs/uploads/c', match: { kind: 'upload', repository: 'a/blobs/uploads/b', uploadId: 'c' }, why: 'an upload within' },
    { path: `/v2/a/blobs/uploads/blobs/${digest}`, match: { kind: 'blob', repository: 'a/blobs/uploads', digest }, why: 'ends in uploads' },
    { path: '/v2/a/blobs/uploads/manifests/b', match: { kind: 'manifest', repository: 'a/blobs/uploads', reference: 'b' }, why: 'ends in uploads' },
    { path: '/v2/blobs/blobs/uploads/', match: { kind: 'uploads', repository: 'blobs' }, why: 'named blobs' },
    { path: '/v2/manifests/manifests/manifests', match: { kind: 'manifest', repository: 'manifests', reference: 'manifests' }, why: 'a tag of that name too' },
    { path: '/v2/a/manifests/list', match: { kind: 'manifest', repository: 'a', reference: 'list' }, why: 'a tag named as a part of an endpoint' },
    { path: '/v2/a/manifests/uploads', match: { kind: 'manifest', repository: 'a', reference: 'uploads' }, why: 'a tag named as a part of an endpoint' },
  ]
  for (const { path, match, why } of cases) assert.deepEqual(matchOciPath(path), match, `${path}: ${why}`)
})

test('a malformed name or digest is returned, so that the caller can answer with its code', () => {
  assert.deepEqual(matchOciPath('/v2/UPPER/tags/list'), { kind: 'tags', repository: 'UPPER' })
  assert.deepEqual(matchOciPath('/v2/a//b/tags/list'), { kind: 'tags', repository: 'a//b' })
  assert.deepEqual(matchOciPath('/v2/a/blobs/sha256:bad'), { kind: 'blob', repository: 'a', digest: 'sha256:bad' })
  assert.deepEqual(matchOciPath('/v2/a%252Fb/tags/list'), { kind: 'tags', repository: 'a%2Fb' })
})

test('a name never contains a path traversal', () => {
  for (const path of [
    '/v2/../a/tags/list',
    '/v2/a/../b/tags/list',
    '/v2/a%2f..%2fb/tags/list',
    '/v2/a/blobs/sha256:..%2f..',
    '/v2/a/blobs/%2e%2e',
    '/v2/a\\b/tags/list',
    '/v2/a%00/tags/list',
    '/v2/a%0a/tags/list',
    '/v2/a/manifests/%zz',
  ]) {
    assert.equal(matchOciPath(path), undefined, path)
  }
})

test('composed paths are recognised, and names are not mistaken for endpoints', () => {
  const part = fc.constantFrom('a', 'b1', 'blobs', 'uploads', 'manifests', 'tags', 'list', 'referrers')
  const repository = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'))
  fc.assert(
    fc.property(repository, fc.boolean(), (name, isEscaped) => {
      const prefix = `/v2/${isEscaped ? encodeURIComponent(name) : name}`
      assert.deepEqual(matchOciPath(`${prefix}/tags/list`), { kind: 'tags', repository: name })
      assert.deepEqual(matchOciPath(`${prefix}/manifests/t`), { kind: 'manifest', repository: name, reference: 't' })
      assert.deepEqual(matchOciPath(`${prefix}/blobs/${digest}`), { kind: 'blob', repository: name, digest })
      assert.deepEqual(matchOciPath(`${prefix}/referrers/${digest}`), { kind: 'referrers', repository: name, digest })
      assert.deepEqual(matchOciPath(`${prefix}/blobs/uploads/`), { kind: 'uploads', repository: name })
      assert.deepEqual(matchOciPath(`${prefix}/blobs/uploads/i`), { kind: 'upload', repository: name, uploadId: 'i' })
    }),
  )
})

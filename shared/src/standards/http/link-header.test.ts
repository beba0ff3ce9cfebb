import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type NextPage, nextLink } from './link-header.ts'

test('a Link has the form that ACR’s clients pick to pieces', () => {
  // prettier-ignore
  const cases: readonly { path: string; page: NextPage; target: string; why: string }[] = [
    { path: '/acr/v1/_catalog', page: { last: 'busybox', n: 1 }, target: '/acr/v1/_catalog?last=busybox&n=1&orderby=', why: 'as recorded' },
    { path: '/v2/_catalog', page: { last: 'a/b', n: 100 }, target: '/v2/_catalog?last=a%2Fb&n=100&orderby=', why: 'last is encoded' },
    { path: '/v2/a/b/tags/list', page: { last: 'v1', n: 2 }, target: '/v2/a/b/tags/list?last=v1&n=2&orderby=', why: 'plain below /v2/' },
    { path: '/acr/v1/a/b/_tags', page: { last: 'v1', n: 2, orderby: 'timedesc' }, target: '/acr/v1/a%2Fb/_tags?last=v1&n=2&orderby=timedesc', why: 'a plain request is answered escaped' },
    { path: '/acr/v1/a%2Fb/_tags', page: { last: 'v1', n: 2 }, target: '/acr/v1/a%2Fb/_tags?last=v1&n=2&orderby=', why: 'an escaped one too' },
    { path: '/acr/v1/a/_manifests', page: { last: 'sha256:0', n: 2 }, target: '/acr/v1/a/_manifests?last=sha256%3A0&n=2&orderby=', why: 'a digest is encoded' },
    { path: '/acr/v1/_deleted/a/b/_tags', page: { last: 'x', n: 2 }, target: '/acr/v1/_deleted/a%2Fb/_tags?last=x&n=2&orderby=', why: 'soft-deleted' },
    { path: '/acr/v1/a/_tags', page: { last: 'x', n: 2, digest: 'sha256:0' }, target: '/acr/v1/a/_tags?last=x&n=2&orderby=&digest=sha256%3A0', why: 'the filter goes on' },
    { path: '/v2/a/referrers/sha256:0', page: { last: 'x', n: 2, artifactType: 'a/b+c' }, target: '/v2/a/referrers/sha256%3A0?last=x&n=2&orderby=&artifactType=a%2Fb%2Bc', why: 'the filter goes on' },
  ]
  for (const { path, page, target, why } of cases) assert.equal(nextLink(path, page), `<${target}>; rel="next"`, why)
})

test('nothing of the request can end the Link', () => {
  const anything = fc.string({ unit: 'binary' })
  fc.assert(
    fc.property(anything, anything, anything, (last, orderby, name) => {
      const path = `/acr/v1/${encodeURIComponent(name.toWellFormed())}/_tags`
      try {
        assert.match(nextLink(path, { last, n: 1, orderby }), /^<\/acr\/v1\/[^<>"\s]*>; rel="next"$/)
      } catch (error) {
        assert.ok(error instanceof TypeError)
      }
    }),
  )
  assert.throws(() => nextLink('/acr/v1/../x', { last: 'a', n: 1 }), TypeError)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isNonDistributable, ociImageManifestType, parseContentType } from './media-type.ts'

test('a content type is parsed without its parameters, in any case and with any spaces', () => {
  const cases: readonly { header: string | undefined; type: string | undefined; why: string }[] = [
    { header: ociImageManifestType, type: ociImageManifestType, why: 'bare' },
    { header: ociImageManifestType.toUpperCase(), type: ociImageManifestType, why: 'types have no case' },
    { header: 'application/json; charset=utf-8', type: 'application/json', why: 'a parameter' },
    { header: 'application/json;charset="a;b"', type: 'application/json', why: 'a quoted parameter' },
    { header: 'application/json;', type: 'application/json', why: 'an empty parameter' },
    { header: '\tapplication/json\t;\tq=1', type: 'application/json', why: 'tabs are blanks' },
    { header: ' application/json ', type: 'application/json', why: 'blanks around' },
    { header: 'a/b', type: 'a/b', why: 'short' },
    { header: `a/${'b'.repeat(127)}`, type: `a/${'b'.repeat(127)}`, why: 'the longest subtype' },
    { header: `a/${'b'.repeat(128)}`, type: undefined, why: 'longer than RFC 6838 allows' },
    { header: undefined, type: undefined, why: 'no header' },
    { header: '', type: undefined, why: 'an empty header' },
    { header: 'application', type: undefined, why: 'no subtype' },
    { header: 'application/', type: undefined, why: 'an empty subtype' },
    { header: '/json', type: undefined, why: 'an empty type' },
    { header: 'a/b/c', type: undefined, why: 'two slashes' },
    { header: 'a /b', type: undefined, why: 'a blank within' },
    { header: '*/*', type: undefined, why: 'a range is for Accept' },
    { header: 'a/b, c/d', type: undefined, why: 'two headers that a proxy joined' },
    { header: 'a/b; x=1, c/d', type: undefined, why: 'two headers that a proxy joined' },
    { header: 'a/b\n', type: undefined, why: 'a line end' },
    { header: 'a/b\0', type: undefined, why: 'NUL' },
    { header: 'a/b;\u00e9', type: undefined, why: 'no ASCII' },
    { header: `a/b;${' '.repeat(2000)}`, type: undefined, why: 'unreasonably long' },
  ]
  for (const { header, type, why } of cases) assert.equal(parseContentType(header), type, why)
})

test('a content type that was read reads as itself', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'B', '/', '+', '.', '-', ';', ' ', '\t', ',', '=', '*', '"') }),
      (header) => {
        const type = parseContentType(header)
        if (type !== undefined) assert.equal(parseContentType(type), type)
      },
    ),
  )
})

test('only foreign and non-distributable layers may be missing', () => {
  const cases: readonly { type: string; isIt: boolean }[] = [
    { type: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', isIt: true },
    { type: 'application/vnd.docker.image.rootfs.foreign.diff.tar', isIt: true },
    { type: 'application/vnd.oci.image.layer.nondistributable.v1.tar', isIt: true },
    { type: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', isIt: true },
    { type: 'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', isIt: true },
    { type: 'application/vnd.oci.image.layer.v1.tar+gzip', isIt: false },
    { type: 'application/vnd.example.nondistributable', isIt: false },
    { type: '', isIt: false },
  ]
  for (const { type, isIt } of cases) assert.equal(isNonDistributable(type), isIt, type)
})

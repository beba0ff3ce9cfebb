import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseForm } from './form.ts'

test('a form is read with every value of every field', () => {
  // prettier-ignore
  const cases: readonly { body: string; fields: Record<string, string[]>; why: string }[] = [
    { body: '', fields: {}, why: 'an empty body' },
    { body: 'a=1&b=2', fields: { a: ['1'], b: ['2'] }, why: 'plain' },
    { body: 'a=1&a=2', fields: { a: ['1', '2'] }, why: 'repeated, as scope is' },
    { body: 'a=b+c', fields: { a: ['b c'] }, why: 'a plus is a blank' },
    { body: 'a=b%2Bc%2F%3D', fields: { a: ['b+c/='] }, why: 'an escaped plus is a plus' },
    { body: 'a=b%2bc', fields: { a: ['b+c'] }, why: 'hex has no case' },
    { body: 'a=b=c', fields: { a: ['b=c'] }, why: 'the first equals sign separates' },
    { body: 'a', fields: { a: [''] }, why: 'no equals sign' },
    { body: 'a=', fields: { a: [''] }, why: 'an empty value' },
    { body: '=b', fields: { '': ['b'] }, why: 'an empty name' },
    { body: '&&a=1&', fields: { a: ['1'] }, why: 'empty pairs' },
    { body: 'a%3Db=%C3%BC', fields: { 'a=b': ['ü'] }, why: 'UTF-8, in names too' },
    { body: 'a=%2525', fields: { a: ['%25'] }, why: 'decoded once' },
  ]
  for (const { body, fields, why } of cases) {
    const form = parseForm(body)
    assert.ok(form !== undefined, why)
    assert.deepEqual(Object.fromEntries(form), fields, why)
  }
})

test('a form that needs guessing is rejected', () => {
  // prettier-ignore
  const cases: readonly { body: string; why: string }[] = [
    { body: 'a=%', why: 'a bare percent sign' },
    { body: 'a=%4', why: 'one digit' },
    { body: 'a=%zz', why: 'no hex' },
    { body: 'a=%ff', why: 'no UTF-8' },
    { body: 'a=%c0%af', why: 'an overlong slash' },
    { body: '%=a', why: 'in the name' },
    { body: 'a=1&'.repeat(100), why: 'more than a hundred fields' },
    { body: '&'.repeat(1_000_000), why: 'a million empty ones' },
  ]
  for (const { body, why } of cases) assert.equal(parseForm(body), undefined, why)
  assert.equal(parseForm('a=1&'.repeat(99) + 'a=1')?.get('a')?.length, 100, 'a hundred fields')
})

test('a field named as a prototype is a field', () => {
  assert.deepEqual(parseForm('__proto__=x')?.get('__proto__'), ['x'])
})

test('the output of URLSearchParams parses to the same fields', () => {
  const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed())
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (pairs) => {
      const form = parseForm(new URLSearchParams(pairs).toString())
      assert.ok(form !== undefined)
      for (const [name] of pairs) {
        assert.deepEqual(
          form.get(name),
          pairs.filter(([other]) => other === name).map(([, value]) => value),
        )
      }
    }),
  )
})

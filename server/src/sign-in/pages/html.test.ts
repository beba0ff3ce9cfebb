import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Html, html } from './html.ts'

test('every value is escaped', () => {
  const hostile = `</p><script>alert('1')</script>&"\``
  assert.equal(
    html`<p title="${hostile}">${hostile}</p>`.toString(),
    '<p title="&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;&#96;">' +
      '&lt;/p&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;&quot;&#96;</p>',
  )
})

test('markup in markup is not escaped, alone or in a list', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
  const list = html`<p>${items}${1}${undefined}${false}</p>`
  assert.equal(list.toString(), '<p><li>a</li><li>&lt;b&gt;</li>1</p>')
})

test('no value closes its attribute or tag', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(html`${text}`.toString(), /[<>"'`]/)
    }),
  )
})

test('only the tag creates markup', () => {
  const constructor = Html as unknown as new (key: unknown, text: string) => Html
  assert.throws(() => new constructor(Symbol('html'), '<script>'))
  const lookalike = { toString: () => '<script>' } as unknown as string
  assert.throws(() => html`<p>${lookalike}</p>`)
})

// The search of the documents. Everything that it shows is text: nothing of a query or of the index becomes HTML.
const status = document.getElementById('status')
const results = document.getElementById('results')
const query = new URLSearchParams(location.search).get('q') ?? ''
const maxResults = 30

/** The words of a text, in lower case. */
function wordsOf(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? []
}

/** How well an entry matches: each word of the query must begin a word of the entry. A word of the heading counts more. */
function scoreOf([, headings, text], wanted) {
  const inHeadings = wordsOf(headings)
  const inText = wordsOf(text)
  let score = 0
  for (const word of wanted) {
    const heading = inHeadings.some((each) => each === word)
      ? 20
      : inHeadings.some((each) => each.startsWith(word))
        ? 10
        : 0
    const times = inText.filter((each) => each.startsWith(word)).length
    if (heading === 0 && times === 0) return 0
    score += heading + Math.min(times, 5)
  }
  return score
}

/** The part of a text around the first word of the query. */
function excerptOf(text, wanted) {
  const at = Math.max(0, ...wanted.slice(0, 1).map((word) => text.toLowerCase().indexOf(word)))
  const start = text.lastIndexOf(' ', Math.max(0, at - 60)) + 1
  return `${start > 0 ? '… ' : ''}${text.slice(start, start + 200)}${start + 200 < text.length ? ' …' : ''}`
}

function show([url, headings, text], wanted) {
  const link = document.createElement('a')
  link.href = url
  link.textContent = headings
  const excerpt = document.createElement('p')
  excerpt.textContent = excerptOf(text, wanted)
  const item = document.createElement('li')
  item.append(link, excerpt)
  results.append(item)
}

async function search() {
  const wanted = wordsOf(query)
  if (wanted.length === 0) {
    status.textContent = 'Enter one or more words.'
    return
  }
  const response = await fetch('search-index.json')
  const entries = await response.json()
  const found = entries
    .map((entry) => ({ entry, score: scoreOf(entry, wanted) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
  const count =
    found.length > maxResults ? `The first ${maxResults} of ${found.length} results` : `Results: ${found.length}`
  status.textContent = `${count} for “${query}”`
  for (const { entry } of found.slice(0, maxResults)) show(entry, wanted)
}

document.querySelector('input[name="q"]').value = query
search().catch(() => {
  status.textContent = 'The index of the search was not loaded. Load this page again.'
})

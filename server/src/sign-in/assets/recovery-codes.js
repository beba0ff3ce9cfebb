// Copies, downloads and prints the recovery codes of the page. Without scripts, they can still be selected and printed.
const codes = [...document.querySelectorAll('.codes code')].map((code) => code.textContent.trim())
const text = `Recovery codes for ${document.querySelector('[data-account]')?.dataset.account ?? location.host}\n${location.host}\n\n${codes.join('\n')}\n`
const status = document.querySelector('[data-codes-status]')
const bar = document.querySelector('[data-codes-actions]')

bar.hidden = false
bar.querySelector('[data-copy]').addEventListener('click', () => void copy())
bar.querySelector('[data-download]').addEventListener('click', () => {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  link.download = 'recovery-codes.txt'
  link.click()
  URL.revokeObjectURL(link.href)
  status.textContent = 'Downloaded.'
})
bar.querySelector('[data-print]').addEventListener('click', () => window.print())

async function copy() {
  try {
    await navigator.clipboard.writeText(text)
    status.textContent = 'Copied.'
  } catch {
    status.textContent = 'Your browser does not allow copying. Select the codes instead.'
  }
}

/** A measurement at a minute of the soak. */
export type Point = { readonly minute: number; readonly ownMib: number; readonly residentMib: number }

const width = 720
const height = 300
const margin = { left: 56, right: 16, top: 28, bottom: 40 }

/** Draws the memory over time as an SVG image that is readable on light and dark pages. */
export function curveOf(points: readonly Point[]): string {
  const minutes = Math.max(1, ...points.map(({ minute }) => minute))
  const top = Math.ceil(Math.max(50, ...points.map(({ residentMib }) => residentMib)) / 50) * 50
  const x = (minute: number) => margin.left + (minute / minutes) * (width - margin.left - margin.right)
  const y = (mib: number) => height - margin.bottom - (mib / top) * (height - margin.top - margin.bottom)
  const line = (of: (point: Point) => number) =>
    points.map((point) => `${x(point.minute).toFixed(1)},${y(of(point)).toFixed(1)}`).join(' ')
  const rows = Array.from({ length: 6 }, (_, at) => Math.round((top * at) / 5)).map(
    (mib) =>
      `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y(mib)}" y2="${y(mib)}" stroke="#8884"/>` +
      `<text x="${margin.left - 8}" y="${y(mib) + 4}" text-anchor="end">${mib}</text>`,
  )
  const columns = Array.from({ length: 7 }, (_, at) => Math.round((minutes * at) / 6)).map(
    (minute) => `<text x="${x(minute)}" y="${height - margin.bottom + 18}" text-anchor="middle">${minute}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#777">
<title>Memory of the server during the soak, in MiB over minutes</title>
${[...rows, ...columns].join('\n')}
<text x="${width / 2}" y="${height - 4}" text-anchor="middle">minutes</text>
<polyline points="${line(({ residentMib }) => residentMib)}" fill="none" stroke="#999" stroke-width="1.5"/>
<polyline points="${line(({ ownMib }) => ownMib)}" fill="none" stroke="#0a7bd6" stroke-width="2"/>
<text x="${margin.left + 8}" y="18" fill="#0a7bd6">own memory (MiB)</text>
<text x="${margin.left + 130}" y="18" fill="#999">resident, with shared pages</text>
</svg>
`
}

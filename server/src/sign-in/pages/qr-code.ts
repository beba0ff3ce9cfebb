import { renderSVG } from 'uqr'

/** The QR code of a URI as an image for `src`. */
export function qrCodeOf(uri: string): string {
  const svg = Buffer.from(renderSVG(uri, { border: 2, pixelSize: 4 })).toString('base64')
  return `data:image/svg+xml;base64,${svg}`
}

import { tokens } from '@fluentui/react-components'

/** The mark of the product: a star with four points, as in the constellation whose brightest star is Acrux. */
export function ProductMark() {
  return (
    <svg width="24" height="24" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        fill={tokens.colorBrandForeground1}
        d="M12 0.5 14.6 9.4 23.5 12 14.6 14.6 12 23.5 9.4 14.6 0.5 12 9.4 9.4z"
      />
    </svg>
  )
}

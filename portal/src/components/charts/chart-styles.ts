import { makeStyles, tokens } from '@fluentui/react-components'

/** The styles of the bars of a chart. Their colors differ from the background by 3:1 in all themes. */
export const useChartStyles = makeStyles({
  svg: { display: 'block', width: '100%', overflow: 'visible', forcedColorAdjust: 'none' },
  brand: { fill: tokens.colorBrandForeground1, '@media (forced-colors: active)': { fill: 'CanvasText' } },
  danger: {
    fill: tokens.colorStatusDangerForeground1,
    '@media (forced-colors: active)': { fill: 'CanvasText' },
  },
  // The place of a bar reacts over its whole height.
  hit: { fill: 'transparent' },
  line: { stroke: tokens.colorNeutralStroke2, strokeWidth: 1, vectorEffect: 'non-scaling-stroke' },
  bar: {
    outlineStyle: 'none',
    '&:hover [data-hit]': { fill: tokens.colorNeutralBackground1Hover },
    '&:focus-visible [data-hit]': {
      stroke: tokens.colorStrokeFocus2,
      strokeWidth: '2px',
      vectorEffect: 'non-scaling-stroke',
    },
  },
  text: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
})

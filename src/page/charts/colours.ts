/** What a line stands for. The colours are those of Okabe and Ito, told apart in all common kinds of colour blindness. */
export const ROLES = ['actual', 'forecast', 'made', 'baseline', 'challenger', 'anomaly', 'fork'] as const
export type Role = (typeof ROLES)[number]
export type Ink = Role | 'grid' | 'muted' | 'missing' | 'text'

/** Colours of the present theme as the canvas takes them, read from the style sheet. */
export function colour(ink: Ink, alpha = 1): string {
  const probe = document.createElement('span')
  probe.hidden = true
  probe.style.color = `var(--${ink})`
  document.body.append(probe)
  const [red = 0, green = 0, blue = 0] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number)
  probe.remove()
  return `rgb(${red} ${green} ${blue} / ${alpha})`
}

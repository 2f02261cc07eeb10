import { describe, expect, it } from 'vitest';
import { counted, Decimal, decimal, parse, stringify } from './json';

describe('lossless JSON', () => {
  it.each(['5.0', '5.00', '-0.10', '1e3', '12345678901234567890.123', '0'])('a number %s comes out as it came in', (text) => {
    const read = parse(`{"value":${text}}`) as { value: Decimal };
    expect(read.value.text).toBe(text);
    expect(stringify(read)).toBe(`{"value":${text}}`);
  });

  it('agrees with JSON.parse on everything but numbers', () => {
    const text = ' {"a":[true,false,null,"\\u00e9\\n\\"x\\""],"b":{},"c":[]} ';
    expect(parse(text)).toEqual(JSON.parse(text));
  });

  it.each(['', '{', '[1,]', '{"a" 1}', '01', '1.', '"a\nb"', 'tru', '{"a":1}x', '[1 2]'])('refuses %j', (text) => {
    expect(() => parse(text)).toThrow(SyntaxError);
  });

  it('refuses nesting that would exhaust the stack', () => {
    expect(() => parse('['.repeat(100_000))).toThrow(SyntaxError);
  });

  it('takes __proto__ for a name', () => {
    const read = parse('{"__proto__":{"polluted":"yes"}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(stringify(read)).toBe('{"__proto__":{"polluted":"yes"}}');
  });

  it('leaves undefined members out', () => {
    expect(stringify({ a: undefined, b: [1, undefined] })).toBe('{"b":[1,null]}');
  });
});

describe('decimals that people type', () => {
  it.each([['37', '37'], [' 37.0 ', '37.0'], ['37,5', '37.5'], ['-0.5', '-0.5']])('%j is %s', (typed, text) => {
    expect(decimal(typed)?.text).toBe(text);
  });

  it.each(['', '.5', '5.', '1e3', '007', 'abc', '1 000', '--1', 'NaN'])('%j is none', (typed) => {
    expect(decimal(typed)).toBeUndefined();
  });
});

it('counts and minutes become plain numbers at any depth', () => {
  expect(counted(parse('{"minutes":30,"score":0.50,"list":[{"version":2}],"none":null,"text":"1"}'))).toEqual({ minutes: 30, score: 0.5, list: [{ version: 2 }], none: null, text: '1' });
});

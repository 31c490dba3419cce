/** The same numbers each time. */
function numbers(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 1_103_515_245n + 12_345n) & 0x7fff_ffffn;
    return Number(state >> 16n);
  };
}

function rows(count: number): string {
  const next = numbers(7);
  const lines = Array.from({ length: count }, (_, id) => {
    const [name, whole, part] = [next() % 50, next() % 1000, next() % 100];
    return `{"id":${id},"name":"n${name}","amount":${whole}.${String(part).padStart(2, '0')}}`;
  });
  return lines.join('\n');
}

function noise(count: number): Uint8Array {
  const next = numbers(3);
  return Uint8Array.from({ length: count }, () => next() & 255);
}

function skew(count: number): Uint8Array {
  const next = numbers(5);
  return Uint8Array.from({ length: count }, () => 97 + Math.min(next() % 16, next() % 16, next() % 16));
}

/** Contents and what zstd 1.5.4 made of them. */
export const ZSTD_SAMPLES: readonly { name: string; content: Uint8Array; base64: string }[] = [
  {
    name: 'one block',
    content: Buffer.from('hello, hello, hello zstd'),
    base64: 'KLUv/QRYlQAAYGhlbGxvLCAgenN0ZAEA4ooR7FUyNg==',
  },
  {
    name: 'no bytes',
    content: Buffer.from(''),
    base64: 'KLUv/SQAAQAAmenYUQ==',
  },
  {
    name: 'blocks of one byte, no checksum',
    content: Buffer.from('a'.repeat(300_000)),
    base64: 'KLUv/QBYVAAAEGFhAQD7/znAAgIAEGEDnwRh',
  },
  {
    name: 'a block as it is',
    content: Buffer.from(noise(300)),
    base64:
      'KLUv/QRYYQkAU8N9eI60TbdIL21GPRnlcCRMu6DjWPx4dPqMsZVcr7UyElP+k9EjLEXtTOnJmQ19/9wBMFFVLGOgsMdt7uTMNtAy' +
      'QJaR3UNrJqrYfNYWdRGmWkpOhh9RUzwBGhYUxlT7RFsaOCGSA+sEnej4+kpzpC/8bfMYbcTBYiVdo525n3uoxLvd26e9JfcAVFTO' +
      '62GvsvtCFp/32yUoVGgMInYGLxKn+nxX08iQFwn1ieqylqlJj6GwtXTw9qfGFEo6tt+NmjqwDizQfKV78qGO5VhrCwrwYrjwnlms' +
      '9rM4VH8vhBBat7OK81Qy2zvxMlxZkzZMDVZeJugrccAuU6sjhppMLmhU3elDGUCqcUB/6tscUeRs+WvzN9SNqWfeSK7qr49f3UoF' +
      'IrbVAIszFWAwPU6Hbg==',
  },
  {
    name: 'literals only, four streams',
    content: Buffer.from(skew(2000)),
    base64:
      'KLUv/QRYvRwAGnGADA/AJR2N7L2llDKlxAAAcF7DAMMAwgDldp5L5EtBOT11nmVIKsIT4JZ76XWt9BO/JMg9GoO1/Cn/pEhhHaac' +
      'Gdwx3GTxF0y5eQznPGo/57oSkRhPAMEZpbVoG14jhrIWcicB/WyUbnuxralw2zB4JcDsiNjeMM93Qb0ZbAXK/J2OGzlUaceUytoK' +
      'vZdUyPM6b6uU+Cl3JlXmMpA/YxUwrsGHwzetSUbbmsnlPm6tYaGPrJiuIybGVluJxp+Z/lzU2bs2G/bUs0Ch5zGFfK7nDYsjseeR' +
      'Cx0pswKyFWtORGizngWfrf2Kpn12c4epL+1AniB32GTEJXz3S0/1PIHnxLJT6GG9QBN+TOdduc1OjqTMHqDxKijVLtORsQ/eyGvz' +
      'JGUv0sTT76GYYcLypuYSpD+6egpfFRQK6+L67kp3ynNxA/tZKLf13+yZkBeZ7UKT9YrQ0XkzRBKOW1VlRdykItAk8BTBpj9l8mGg' +
      'C5Wkkb1XMmhvCM21qGvjaoMNS5pvWy5tZrhNTLCPZlFO3chOlTjAxfyqnzQ340M5YwWBVp+llGoMUr4BavbcaQlWsCHDc+LC06GQ' +
      '1+nQ0pE/HfFte9iMPJZVqL3r9bashHmn53QrR1o8XXIW59rRYvXvZes7trL02JandedUNjxlSrYriNJmFWqSY/RUyMMVh5ftGz0h' +
      'b1YxNjuby7Kt1JbEWUhkwlqCVcC/yttChg+zVcSPXEeOO/tXPgqjjG3q1SSbnl7ZN0BLC7a9gWz2xOP+VqKYcD/ZlHq0zV1SUtSB' +
      'NydYPv6xzoH9PyZfs82xVlyohRMZSXgbjew124xuwgV3PzfCDjlrJ1nQEcvJj5slIVuZisf96mJv3NYBh9Cpv+2Tl2eY2UIr8vh8' +
      'CgpO+zfihBuN8lLuKrF6i2Z3zwEjsm0ilFdh/rNgR5LdUaXcarFPyyNS0tbJlsnI4VyQzL60pR9fD9O3GFpdIJO1WawXk+Eut++b' +
      'oem1oSuWbfyTXJCxnKtEt3BHck4x6sqSlCOp2Sd9P682qxmwzerBNYC69AIcUaTGqxtP2ptnSqjD86bhGSbGJSAQFAERKMc9FMpM' +
      'FLsbUcPtcQVc47GMm9dA2N3Y6Vc2lQ+5EqkrpG2uXILkx829Csu0sDOubxsZAyFdy4sLlXZelKZO6k5qNzFokbDtLWpFwpKuQ0Eb' +
      'ApeME+dcjKYncUKAg8QD7Vi+FRSK8d3k6PZKAUJ5HPw=',
  },
  {
    name: 'tables of their own',
    content: Buffer.from(rows(40)),
    base64:
      'KLUv/QRoBQoAJlYzFaCp2A9sP+Xlqg5/d/emzTJ56r0+AjUAKQApAOeq2MVeLRy78v2h0MlKYxrCSh65rEPlATTQaoKCQ4FYJA6D' +
      'I3B8EIfgKBwGiCMggoNgOBgBdMy6nLsr3cUuNbmVvWXnY7YK6a7p5bPiST44lUkZmf5OzqTeNojVvJtOW6Khi3pYNWfCXt5NrFJW' +
      '9dcldF/2LiJb2th3vdjHI33hWewXpWFPF427zvwp1bI0oTt5V5U7tJE0MXNKqEkoc7simujVSyPTWVNmPpQdslC6AXKoEbDNQMj3' +
      '74ArTgchBAkByhL1wr4Bpcv330SJqnmxOABCY2MDwJHM9FFHopCicUAJpRUasLjki+4S1J56ygGiFKtX7ed7uGGQKQPBOCRYcO2W' +
      '/ND5gCn9vhFyTAhvGipgNiBFFYaJaMhmWqe1VQHBQhze',
  },
  {
    name: 'many blocks that use the tables of the ones before',
    content: Buffer.from(rows(400)),
    base64:
      'KLUv/QRYtBIA0h5DF6Cp0gEPbD/l5aoOf5mklCklacf1PjUCHy7YMhO+R7wh76AQn+I5j/CqeCPxxsS4ZBWKvUSwR0UyCyEksoYQ' +
      'yygUjYiFIpOZsIfsocoyNcTppkA8vWjj2EaOpYJPLgozPkPRFeL08GaXBBn2DKtTSULQtBHqJdFQfcxD4S/VtBWb1worWwwszqeU' +
      'BroI+0ATE0JG6EAJkyqY0qkhHeNxESwnBmlpzYNLfkkoUY0olBwTYcJDGQcZOl1B5DUDayFNuBveF2K1WDC5rGowZ7uEIhpRQozH' +
      'EuQjpRxMj7oTOnZ9iKJSJqzCAWjwCRMXcKAAwYIEBwYcBDjwEBwIOChwYACCgwAh4ICAgQMGAYDLqDO1VKlU3r8D4xSYwgGBmVTE' +
      '+ROQgEAACwiJIuvO1GoM7nsf8NIKGzILga9sOYEZsglj2Sd+08F2DpJ6VzLeduW4VgBiQgyV+P86Midn19AhVEsUl3zg9mUVRzOk' +
      'MIKgVYF4tXqhFxLil0qNBxE7sCpSEMa7YhXy0sj2R5qFpx8ldx2xLcVoUP7KccqwGnnQ4VsqTdHxT0XV+L1b/bD5PtLjtvIqPIlh' +
      'HtL5DZYCzlHeAGvXYwq9ytz3Y9z+5Q922F+CMszPf5B+81qSP074+O264o8bT0yFFUy+0Iw+NZ00ibiqy5+R9W4IScvOIa1FXq2Z' +
      'hdPNK5EY2OFN1ux6QQ07RyGKFzZsLqDSU2qnUDb1Z6mBws+QXUJOBzIiV20/QxuZaWNYq/OFz4EcPU7x+PqB0pjjmb7loInw03Ci' +
      'IgbTafSgK7QSACNbMCYD1aPLQP1KFB6HujFMueJeN/K2JnjK57BBKl3DiHQk7gxFHpX7jGuwZpqYn7GPLCtTPCpZXCLQPYpuXnkC' +
      'zWzdhLTxod/G60YPpZ2+ClSqCvXPNDaNleZic2MNolgpRBgTCdzETmFRFaEjLyGhogXKp7wwVangx8VozckqoVU4SDRKHMhmveXf' +
      '6CVCkcw0kEgutz/yOVhMcqjzW4goYZzCQqrW8cQWkYTJjIdonFA8SDtTOeTSOpIsxIVGngR9FZ6A7PxrU0VKxJ5WTN3UIpkBceWB' +
      'PD51rZKW4aS+4MC2TCb49inUlbq9p4MVm2WUhHKAySvJ5uWpXek4vMfltqqh2x+QySpdDOUjgx8LXY3R5+qKtIv+vjIgjCC6Ow9S' +
      'gBjRjYtc84Dq0U5QhBO674A70BMmA+wh/96aKhT08j3uOONA/8oOVJUuyPOttiqL53OYaOmezsEFjoOjOf8O2/lRn8f4ebvekObo' +
      'vDT2kNb7GVnhKIrsoz0G+Tg83yfYR1XMiAiNRywmbH5Hztx67HfHpDmPqmD+I4ZjqorsOIWDx9fXdabkjYRRpjMjkOmWZpH0rrri' +
      'yGLyXTyjCLF8ZxK7WGNSVEcpRXTsaH5MrLwA135/cywvGr0hrOGMaiWVSkpo/2AeodWvXMVOpXSTgaHDT/xGQ5zfTxItOS9h5pGL' +
      '7GZsYF4sZIcnfqCR7D9ugwJlMzk8tWFJJxqXGlkPJkqe8ca9q4AOdlUf3Eqfm0493Giutl1yMGOv6g5WkBR88ORkhv7eBmhyuG6F' +
      'RRC4Bg595X68EgBDlCMMMWk5Q4YjlX64CGmKLI9jjsTiNAqF6bzBVI6tT1BG8SmWDKUkM9gp7uQq6NqDpXE0r9+mGmMb2sZDQRGI' +
      'RgJZj7Q6inxFG7t77oYq6y9/0zGmFiK48my2nmtHKDJEqrE9EqhjTGU4kZl89nuTsRYm/iGDZMIimswVigyORCpMRYpTGWr3B5Pr' +
      'EWd2nPCqgOn8hj9IMlIMH/qbIjrqDa/q4KGuleEjgCrtRRl+qU4ehHvDW9masVz4LsEWUMDw9Zl6YuAizSCGMu19+C0bX0aPvCFw' +
      'f1RF4zB8RsgDdeHbPJWDn21deO0aQeEfqTfnQ6qDcVwUATkSl8snc8KrgKjQEuFd06G5HAvfzIL43t7Ew0aX8K9cgp+Rg1/wylPm' +
      'vpacUjAMMcQvAwE8eDAFglLwjdDI+UWMyfFkqoB30e9gz/9369WRS4/fe7INHW7c9yOKlrvdqSRG4bvIQTqKaQOD9n2C5J8q6Ptg' +
      'hqTJh+8Na4ddn3/EZUhq2vROPRdPTRXvWOxV/RadNeA5DprnD4+Xy+ejuuMzpNzxvRjgCBFbd2S1YKJ16Y5jF+9TLLpT0sODzp1q' +
      'ABujd+5sjE7fu9yfj8jc4rjvN++pr/q3582P0vq2I1NjWAyLyGTblCspmfbeVtRGe8af39Hu1B50o85uxTiWHPxIz253chjZyZMR' +
      'H8w2So9XDvs6+7x8gL3I+L4X7/W20p4gELs+z0argmxumraOYThxA6L1EYgpEaq3HkkaZVpX6gJL/Qpb6TlZJ8I01o0yFv4NVg8I' +
      'CGQgs+raDKjRDbQSAGPSH1EXHX1VdNHOqqdVVuGcGNXaOB4X8dB8U6Uw9HudYxlCCiK3EC3FIcmjh3SH+ThlRxSZ8KYQC/0S3xiT' +
      'iBGm5UfmJK4PX1RC53BCh7mkYc02Spkzjs8gjkv+3Ib/kCUeGfUxz59CpVkXyxKFRVWmS6qlRTjEMv1kWvkOAz9kFAWA8vzM3xAl' +
      'ZHhQu21b3K8OkU281HliRFSILzneoBIf1AId0kW8MZ/q3QKIz6OcysSPpVW4PyAo8Rb8deoAk8Yd3zjFT4UV3MOzWqQ/UvE6I9GF' +
      'jdim1lt84FHziYceeguOeBFc/sV8FLNxD807fOnFVLaQJ/C4GP6Ugbb3PvzZPyalGQ/vgvTRGNXhR9Rry0UNf5fyDTIcwze1II7G' +
      'bDIsQi4aw8Pqsk8yMfyD/x6fg8IfjlxPFH4rFppiIVp0wptLyS1dgiAjBPzkYU14Za8pOS7hg7QpkjL41Z1M2OBPSM37BsJXeS4W' +
      'fEr4DEvWURIJn8ftWDxL+JvgRt/MHXci6CVY+O0mRK55KPzCP8X8Qwic0zkovKtgsVFjeAOhVzU8GZqHH/Xh0fBNgAy/mBdVPrGH' +
      'L9I928IYPtWXwpI/w1cZP0aGB5RL7o02/HegJW5QhrchJwL7hg9csYY3b0/wYi/85YD66IgX788SXi+Gawg/bQ8oMTzhMYMMhRjC' +
      'jxTipryNBUN4Ji8vVSDhcy+DHmanFKl44Ru+KRIylg9geCP5+C/UVoUvIc3hYxoqUe1GvPr1Mgd6+PrgoKCpK5k6xLepVR7ig7HX' +
      'bOjMv3orsBX5J0G0EgCzEBxvzYijqMJ3wtPJ+vV1t4bySpU2NLYi3VlZ95ZzQ4jSqVeWtGqltcN+rTTKKE1NdNuvIu//mu1ISm/H' +
      'G5exFvVrkWyCq62n3V1qy9TSvXQ1HXtSo2Ybd6uq9iXWE6Wz+nWpL7kTn1rneuedmq7aYqsSgO/8cCTefSYSJJRAe4d4uBFZHyvx' +
      '9pxDOfEXNKCzkqx4LFyD3wDiIQWn9jdJ/Jw2ykV8SzwlxDirxO/woDnskXiHWEjwonjs4Y6+l6b4F/Sg+Y1Ub2OyeKarSMzargrD' +
      'f3Xx5yrGIMdBqRY/CeTLz2P8u17OgnDYzCkeiv/Q2eOqKV6J2dAji1rxI+ZdCGKKx3Jwe15PfGznlsSJvwLE7hsvZ2PtEq823fcD' +
      'Iv6dLpgh8QtyUBaEJ/6YJmATr1kbg0z8+J9Ixx4py8Qn5epwS/yLRMRMfPq2lGaXMfEQh/7Lhv+zhjJ5Kd7OF0UtTPHlq8+1hdfw' +
      '6XfHWnkrxZJW44ddX0Th2/hOysKl5zTeRQGw4NjxNllAlMfDqAUCYv1vNcLVeBWcx1bjMyCw8/Qd+W68/aZMf4jGH1r9bpuY8fhZ' +
      'F2UsN+OxiIGiDWaLT2+R1PHT4mMKI8uOISvjhQpNCucYP7x54lXb+KV4gm7WjvG63QYEABmP4mBvtIgYnybfLBQZj9s7xMn44tf/' +
      'kQvlVSro+hhvMAvRvmp58dgNIHSZXPz+o77JLqbiR6WKsis+8gZv2KN4m3Bk2FTxx2AnLmJ4fADKPK5I/CLwqepoJ/7giumfP4l3' +
      'pX4MNyk+GXaccrQP1QMA84IFDSohRjUcYVFfiupXUl+7K1Pi2So6BSv8t1OAuohbJgtvcsa3AB5+GM67oL7DzyEdeSmIF4e//8yk' +
      '0tHhF/rqfjJ8xPdNCQILPvytJYbrK4aPyczRnprh9UQlP5wZnqJpJLJMDQ8kYt1IH541wfKvHeKPAVmjlQtGt9Am',
  },
  {
    name: 'few matches',
    content: Buffer.from(rows(60)),
    base64:
      'KLUv/QRI3RwApC57ImlkIjowLCJuYW1lIjoibjE0IiwiYW1vdW50Ijo4MDYuNjh9CnsiaWQiOjEsIm5hbWUiOiJuMjQiLCJhbW91' +
      'bnQiOjUzMS42NX0KeyJpZCI6MjM0Ijc5MC44NX0zLCIxMyIyMTMuNjN9NCwiMCIsODc0LjQ5fTUsIjIyIjE4NS41NH02LCI0NjAu' +
      'NTJ9NywiMTciNzkuNTg4LCIxIiw2MjQuMzksIjMiLDQ3NC4xMH0xMjMiOTEwLjE4fTE0MCIzNDguNjd9MiwiNTQzMi4yNH0zLCI4' +
      'Iiw1NS45NCwiMjgiNzY1LjQ2fTUsIjI2MDYuMDYsIjAiLDQ3My43NywiMTk3NzMuNTl9OCwiNDczNC44Nn05LCIzNSI0MjAuMTh9' +
      'MjAsMjg1NC4wMTIxLDYwNC43N30yMTk2MywiNTI0Ljk3fTI0LDAiLDUyLjQyNSw2NTAuNjB9NiwiMzQiNzk3LjgzfTcsIjE1ODcu' +
      'MzV9OCwiNiIsODksIjYiLDI5Mi4yMzAsMzQiMjMxLjkzfTMxLDQxIjEwOS42N30zMiwzMyI2OTcuNTR9MzMsODguNzZ9CjQsIjEw' +
      'IjgzOS4zMH01LCIxOSI5ODkuMDN9NiwiMjgiNzcwLjU3fTcsIjI4IjkxLjI4LCIzMiI2NS41OSwiNDQiMTEuNzQwLDE4Ijc4MC45' +
      'Mn00MSwxMyIyMjkuMjQyLDM4IjQ2Ni43OX00MywxMSI3ODQuOTQ0LDE2IjIyMS43OX00NSwyMyIxMTAuMzV9NDYsMSIsNzk4Ljc3' +
      'fTQ3LDQiLDgyNy43NH00OCwxNSI3ODAuMzd9NDksMjM5LjgxfTUwLDg4MS42NTEsMzYiNTUyLjIzfTUyLDQzIjQ1Ni43OX01Mywy' +
      'Iiw2NzkuNzF9NTQsMzMiNDUwLjM1LCIxOSI3NTAuMTZ9NiwiMzQiOTYuNzl9CjcsIjE4IjQ0NC4wOX04LCIzMSI3MjkuOTF9OSwi' +
      'NDYwLjc3fYCtqEEQQh2S1/8NkDPaNhDGIFTNATowFzBzfD5FN+o33OM2XRq+lKK4MmEuUqcirnEexn0e9eMscEH5dYi/yh+ivcyD' +
      'CJilVOkLc1KF3PMJUgIJ3ChmWooPFwthgyLQC8aw03IidD8M2ENAY/tJJJYc4WLga+OOP/1wD5Pmo/smal4ETZ/Ccncnt+EuBdfU' +
      '6tVOXXQvovuD/RROBxnK8SLndwgHFc2xPm8/dKfH/iqNzfPL',
  },
];

"""How anything becomes lines: styled text, bars, charts, words, themes. Pure."""

//! Columns as Go's `text/tabwriter` aligns them, with spaces.

/// A writer that aligns tab-separated cells when flushed.
#[derive(Debug, Clone)]
pub(crate) struct TabWriter {
    minimum: usize,
    padding: usize,
    /// Keeps the widths of earlier flushes (`RememberWidths`).
    remembered: Option<Vec<usize>>,
    text: String,
}

impl TabWriter {
    /// The writer of tables (`printers.GetNewTabWriter`).
    pub(crate) fn table() -> Self {
        Self { minimum: 6, padding: 3, remembered: Some(Vec::new()), text: String::new() }
    }

    /// The writer of `describe` (`tabbedString`).
    pub(crate) fn describe() -> Self {
        Self::new(0, 2)
    }

    pub(crate) fn new(minimum: usize, padding: usize) -> Self {
        Self { minimum, padding, remembered: None, text: String::new() }
    }

    pub(crate) fn write(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The text as it was written.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// Forgets remembered widths.
    pub(crate) fn forget(&mut self) {
        if let Some(remembered) = &mut self.remembered {
            remembered.clear();
        }
    }

    /// The aligned text of everything written since the last flush.
    pub(crate) fn flush(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        if text.is_empty() {
            return String::new();
        }
        let lines: Vec<Vec<&str>> =
            text.split('\n').map(|line| line.split('\t').collect()).collect();
        let mut widths: Vec<Vec<usize>> = vec![Vec::new(); lines.len()];
        self.measure(&lines, &mut widths, 0, lines.len(), 0);
        let mut out = String::with_capacity(text.len() * 2);
        let last = lines.len() - 1;
        for (index, (cells, widths)) in lines.iter().zip(&widths).enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                out.push_str(cell);
                if let Some(width) = widths.get(column) {
                    let used = cell.chars().count();
                    out.extend(std::iter::repeat_n(' ', width.saturating_sub(used)));
                }
            }
            if index < last {
                out.push('\n');
            }
        }
        out
    }

    /// A column is a run of lines that have a tab-terminated cell there.
    fn measure(
        &mut self,
        lines: &[Vec<&str>],
        widths: &mut [Vec<usize>],
        from: usize,
        to: usize,
        column: usize,
    ) {
        let has_cell = |line: usize| lines.get(line).is_some_and(|cells| cells.len() > column + 1);
        let mut line = from;
        while line < to {
            if !has_cell(line) {
                line += 1;
                continue;
            }
            let end = (line..to).find(|at| !has_cell(*at)).unwrap_or(to);
            let mut width = self.minimum;
            for cells in lines.iter().take(end).skip(line) {
                let cell = cells.get(column).map_or(0, |cell| cell.chars().count());
                width = width.max(cell + self.padding);
            }
            if let Some(remembered) = &mut self.remembered {
                match remembered.get_mut(column) {
                    Some(known) => {
                        width = width.max(*known);
                        *known = width;
                    }
                    None => remembered.push(width),
                }
            }
            for row in widths.iter_mut().take(end).skip(line) {
                row.push(width);
            }
            self.measure(lines, widths, line, end, column + 1);
            line = end;
        }
    }
}

/// `printers.WriteEscaped`: terminal escapes are shown, not sent.
pub(crate) fn escape(text: &str) -> String {
    text.replace('\u{1b}', "^[").replace('\r', "\\r")
}

#[cfg(test)]
mod tests {
    use super::TabWriter;

    #[test]
    fn blocks_of_lines_are_aligned_by_themselves() {
        let mut writer = TabWriter::describe();
        writer.write("Name:\tweb\nLabels:\tapp=web\n\ta=b\nContainers:\n  c:\n    Image:\tx\n    Ports:\t<none>\n");
        expect_test::expect![[r"
            Name:    web
            Labels:  app=web
                     a=b
            Containers:
              c:
                Image:  x
                Ports:  <none>
        "]]
        .assert_eq(&writer.flush());
    }
}

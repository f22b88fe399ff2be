//! Programs that translate: a style sheet, a shader, queries. Their input is in `input`.

use std::fmt::Write as _;

use super::text::{Random, checksum, word};

/// lightningcss: the style sheet of the page is parsed, minified for old browsers and printed.
#[cfg(feature = "lightningcss")]
pub fn style(rounds: usize, random: &mut Random) -> u64 {
    use lightningcss::{
        stylesheet::{MinifyOptions, ParserOptions, PrinterOptions, StyleSheet},
        targets::{Browsers, Targets},
    };

    let old = Browsers { chrome: Some(80 << 16), safari: Some(13 << 16), ..Browsers::default() };
    let targets = Targets::from(old);
    let mut sum = 0_u64;
    for _ in 0..rounds {
        let mut source = String::from(include_str!("../../input/page.css"));
        let _ = write!(source, ".{} {{ color: #{:06x} }}", word(random), random.below(1 << 24));
        let mut sheet =
            StyleSheet::parse(&source, ParserOptions::default()).expect("it is a style sheet");
        sheet.minify(MinifyOptions { targets, ..MinifyOptions::default() }).expect("it is right");
        let options = PrinterOptions { minify: true, targets, ..PrinterOptions::default() };
        let printed = sheet.to_css(options).expect("it can be printed");
        sum = sum.rotate_left(1) ^ checksum(printed.code.as_bytes());
    }
    sum
}

/// naga: a shader in WGSL is parsed, checked, and translated to SPIR-V and to GLSL.
#[cfg(feature = "naga")]
pub fn shader(rounds: usize, random: &mut Random) -> u64 {
    use naga::{
        ShaderStage,
        back::{glsl, spv},
        front::wgsl,
        proc::BoundsCheckPolicies,
        valid::{Capabilities, ValidationFlags, Validator},
    };

    let mut sum = 0_u64;
    for _ in 0..rounds {
        let mut source = String::from(include_str!("../../input/particles.wgsl"));
        let _ = writeln!(source, "const {}_: u32 = {}u;", word(random), random.below(1 << 20));
        let module = wgsl::parse_str(&source).expect("it is a shader");
        let info = Validator::new(ValidationFlags::all(), Capabilities::all())
            .validate(&module)
            .expect("it is right");
        let words = spv::write_vec(&module, &info, &spv::Options::default(), None)
            .expect("SPIR-V can say it");
        sum = words.iter().fold(sum, |sum, word| sum.rotate_left(5) ^ u64::from(*word));
        for (stage, entry) in
            [(ShaderStage::Vertex, "draw_particle"), (ShaderStage::Fragment, "shade")]
        {
            let options =
                glsl::Options { version: glsl::Version::Desktop(450), ..glsl::Options::default() };
            let pipeline = glsl::PipelineOptions {
                shader_stage: stage,
                entry_point: entry.to_owned(),
                multiview: None,
            };
            let mut text = String::new();
            let policies = BoundsCheckPolicies::default();
            glsl::Writer::new(&mut text, &module, &info, &options, &pipeline, policies)
                .expect("GLSL has what it needs")
                .write()
                .expect("GLSL can say it");
            sum = sum.rotate_left(1) ^ checksum(text.as_bytes());
        }
    }
    sum
}

/// sqlparser: tables, views and reports of a database are parsed and written again.
#[cfg(feature = "sqlparser")]
pub fn queries(rounds: usize, random: &mut Random) -> u64 {
    use sqlparser::{dialect::GenericDialect, parser::Parser};

    let mut sum = 0_u64;
    for _ in 0..rounds {
        let mut source = String::from(include_str!("../../input/queries.sql"));
        let _ = write!(source, "SELECT {} FROM figure;", word(random));
        let statements = Parser::parse_sql(&GenericDialect {}, &source).expect("they are queries");
        for statement in &statements {
            sum = sum.rotate_left(1) ^ checksum(statement.to_string().as_bytes());
        }
    }
    sum
}

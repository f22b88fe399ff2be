//! The library's modules name only what stands beside or below them in the picture of src/README.md.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, UseTree, Visibility};

/// The rows of the picture, top first: the modules between two lines.
fn layers(readme: &str) -> Vec<Vec<String>> {
    let picture = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut layers = vec![Vec::new()];
    for line in picture.expect("there is a picture").lines().map(str::trim_start) {
        if line.starts_with('─') {
            layers.push(Vec::new());
        } else if !line.starts_with('│') {
            let names = line.split("  ").next().unwrap_or_default();
            let last = layers.last_mut().expect("there is a layer");
            last.extend(names.split(", ").map(str::to_owned).filter(|name| !name.is_empty()));
        }
    }
    layers
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// The first names behind `crate::`, outside of tests.
#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn first(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => drop(self.0.insert(path.ident.to_string())),
            UseTree::Name(name) => drop(self.0.insert(name.ident.to_string())),
            UseTree::Rename(rename) => drop(self.0.insert(rename.ident.to_string())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.first(tree)),
            UseTree::Glob(_) => drop(self.0.insert("*".to_owned())),
        }
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_use_tree(&mut self, tree: &'ast UseTree) {
        match tree {
            UseTree::Path(path) if path.ident == "crate" => self.first(&path.tree),
            _ => visit::visit_use_tree(self, tree),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let mut segments = path.segments.iter();
        if segments.next().is_some_and(|first| first.ident == "crate") {
            self.0.extend(segments.next().map(|second| second.ident.to_string()));
        }
        visit::visit_path(self, path);
    }
}

fn parse(path: &Path) -> File {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The modules behind the names that lib.rs re-exports.
fn exported(library: &File) -> BTreeMap<String, String> {
    fn leaves(tree: &UseTree, module: &str, all: &mut BTreeMap<String, String>) {
        match tree {
            UseTree::Path(path) => leaves(&path.tree, module, all),
            UseTree::Name(name) => drop(all.insert(name.ident.to_string(), module.to_owned())),
            UseTree::Rename(name) => drop(all.insert(name.rename.to_string(), module.to_owned())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, module, all)),
            UseTree::Glob(_) => {}
        }
    }
    let mut all = BTreeMap::new();
    for item in &library.items {
        if let Item::Use(item) = item {
            if let (Visibility::Public(_), UseTree::Path(path)) = (&item.vis, &item.tree) {
                leaves(&path.tree, &path.ident.to_string(), &mut all);
            }
        }
    }
    all
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "rs"));
    files.chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// The places where a module names another that stands above it, or that is not in the picture.
fn violations(folder: &Path) -> Vec<String> {
    let layers = layers(&fs::read_to_string(folder.join("README.md")).unwrap());
    let place =
        |module: &str| layers.iter().position(|layer| layer.iter().any(|name| name == module));
    let exported = exported(&parse(&folder.join("lib.rs")));
    let mut wrong = Vec::new();
    for source in sources(folder) {
        let inside = source.strip_prefix(folder).unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let module = match first.trim_end_matches(".rs") {
            "lib" => continue,
            // lib.rs gives it the name of the other.
            "unchecked" => "checked".to_owned(),
            module => module.to_owned(),
        };
        if inside.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        let mut names = Names::default();
        names.visit_file(&parse(&source));
        let Some(own) = place(&module) else {
            wrong.push(format!("{} is in no layer", inside.display()));
            continue;
        };
        for name in names.0 {
            let other = exported.get(&name).unwrap_or(&name);
            if place(other).is_some_and(|other| other < own) {
                wrong.push(format!("{} names {other}, which stands above it", inside.display()));
            }
        }
    }
    wrong
}

#[test]
fn no_module_names_one_that_stands_above_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src");
    let wrong = violations(&folder);
    assert!(wrong.is_empty(), "against the layers of src/README.md:\n{}", wrong.join("\n"));
}

#[test]
fn a_name_of_a_higher_layer_is_found_in_every_form() {
    let folder = std::env::temp_dir().join(format!("bonsai-layers-{}", std::process::id()));
    fs::create_dir_all(folder.join("low")).unwrap();
    let write = |file: &str, text: &str| fs::write(folder.join(file), text).unwrap();
    write("README.md", "```text\n high, top   a\n ───\n low    b\n │      c\n```\n");
    write("lib.rs", "mod high; mod low; mod top; pub use high::{Tower, wall as Fence};");
    write("high.rs", "use crate::low::cellar;");
    write("top.rs", "#[cfg(test)] mod tests { use crate::nothing; }");
    write("low.rs", "use crate::{low::deep, top};\n#[cfg(test)] mod tests { use crate::high; }");
    write("low/deep.rs", "fn f() -> crate::Tower { crate::high::build() }\nuse crate::Fence as F;");
    write("low/tests.rs", "use crate::high;");
    write("odd.rs", "");
    let mut wrong = violations(&folder);
    wrong.sort();
    fs::remove_dir_all(&folder).unwrap();
    let deep = "low/deep.rs names high, which stands above it".to_owned();
    let others = ["low.rs names top, which stands above it", "odd.rs is in no layer"];
    let mut expected = vec![deep.clone(), deep.clone(), deep];
    expected.extend(others.map(str::to_owned));
    expected.sort();
    assert_eq!(wrong, expected);
}
